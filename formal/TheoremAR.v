(** Theorem A^r and, at rho = 1, Theorem A: theory/bounds/theorem_ar.py, theory/bounds/theorem_a.py. *)

From Coq Require Import Reals Lra Lia Arith.
From Gradlag Require Import Sums Space Setting Run Steps.
Open Scope R_scope.

(** sum_k a_k m_{k+1}, by points. *)
Lemma by_next : forall n (a m : nat -> R),
  sum n (fun k => a k * m (S k)) = sum n (fun t => previous a t * m t) + previous a n * m n.
Proof. induction n as [| n IH]; intros a m; simpl; [ring |]. rewrite IH. simpl. ring. Qed.

Section WeighedSquares.
Context {N : Setting} (run : Trace N) (alpha beta rho : nat -> R).
Hypothesis allowed : factors run alpha beta.
Hypothesis rho_positive : forall k, (k < T)%nat -> 0 < rho k.

Notation m := (fun t => square (gradients run t)).
Notation f := (heights run).

Definition z (k : nat) : R := (1 + rho k) / 2.
Definition u (k : nat) : R :=
  eta k / 2 * (z k * (1 - L * eta k) - L ^ 2 * readers (fun i => z i * eta i * H i * alpha i) k).
Definition v (t : nat) : R :=
  z t * eta t / 2 - (rho t - 1) / (4 * L) + previous (fun k => (1 - 1 / rho k) / (4 * L)) t + served u t.
Definition noise : R := total (fun k => eta k ^ 2 * (z k + L * readers (fun i => z i * eta i * beta i) k)).
Definition last : R := previous (fun k => (1 - 1 / rho k) / (4 * L)) T + 1 / (2 * L).
Definition denominator : R := total (fun k => z k * eta k / 2 + u k - (rho k + 1 / rho k - 2) / (4 * L)) + 1 / (2 * L).

(** Steps 1 to 3 for one step. *)
Lemma one_step : forall k, (k < T)%nat ->
  z k * eta k / 2 * m k + z k * eta k / 2 * (1 - L * eta k) * m (tau k)
  - L ^ 2 / 2 * (z k * eta k * alpha k * H k * P run k)
  - L ^ 2 / 2 * sigma ^ 2 * (z k * eta k * beta k * Q k)
  - L * sigma ^ 2 / 2 * (z k * eta k ^ 2)
  + ((1 - 1 / rho k) / (4 * L) * m (S k) - (rho k - 1) / (4 * L) * m k) <= f k - f (S k).
Proof.
  intros k inside. pose proof (smoothness_positive run) as positive. pose proof (rho_positive k inside) as rho_sign.
  pose proof (descent run k (rho k) rho_sign) as falls. fold (z k) in falls.
  assert (0 < z k) as z_sign by (unfold z; lra). pose proof (steps_nonneg k inside) as step_sign.
  rewrite inner_move in falls by exact inside.
  pose proof (inner_of_read run k) as reading. pose proof (square_move_le run k inside) as long.
  pose proof (allowed k inside) as near.
  set (d2 := square (sub (points run k) (points run (S k)))) in *.
  set (w2 := square (sub (points run (tau k)) (points run k))) in *.
  apply Rle_trans with (2 := falls).
  assert (z k * eta k / 2 * (L * L * w2)
    <= z k * eta k / 2 * (L * L * (alpha k * (H k * P run k) + beta k * (sigma * sigma * Q k)))) as away.
  { apply Rmult_le_compat_l; [| apply Rmult_le_compat_l; [apply Rle_0_sqr | exact near]].
    apply Rmult_le_pos; [apply Rmult_le_pos |]; lra. }
  assert (z k * eta k / 2 * (m k + m (tau k) - L * L * w2)
    <= z k * eta k / 2 * (2 * inner (gradients run k) (gradients run (tau k)))) as aligned.
  { apply Rmult_le_compat_l; [apply Rmult_le_pos; [apply Rmult_le_pos |]; lra | exact reading]. }
  assert (z k * (L / 2) * d2 <= z k * (L / 2) * (eta k * eta k * (m (tau k) + sigma * sigma))) as moved.
  { apply Rmult_le_compat_l; [apply Rmult_le_pos; lra | exact long]. }
  assert (1 / (4 * L) * ((1 - 1 / rho k) * m (S k) - (rho k - 1) * m k)
    = (1 - 1 / rho k) / (4 * L) * m (S k) - (rho k - 1) / (4 * L) * m k) as free by (field; lra).
  rewrite free. lra.
Qed.

(** Sum over the steps, exchange the sums, and F(x_T) - inf F >= |g_T|^2/2L. *)
Theorem weighed_squares : total (fun t => v t * m t) + last * m T <= Delta + L * sigma ^ 2 / 2 * noise.
Proof.
  pose proof (smoothness_positive run) as positive.
  pose proof (sum_le T _ _ one_step) as summed. rewrite sum_telescopes in summed. cbv beta in summed.
  rewrite (sum_plus T), !(sum_minus T), (sum_plus T), !(sum_scale T) in summed.
  rewrite (by_next T (fun k => (1 - 1 / rho k) / (4 * L)) (fun t => square (gradients run t))) in summed.
  pose proof (exchange (fun k => z k * eta k * alpha k * H k) (fun j => eta j * square (gradients run (tau j)))) as ways.
  pose proof (exchange (fun k => z k * eta k * beta k) (fun j => eta j * eta j)) as drifts.
  fold (P run) in ways. fold (@Q N) in drifts. unfold total at 1 in ways. unfold total at 1 in drifts.
  change (fun k => z k * eta k * alpha k * H k * window (fun j => eta j * square (gradients run (tau j))) k)
    with (fun k => z k * eta k * alpha k * H k * P run k) in ways.
  change (fun k => z k * eta k * beta k * window (fun j => eta j * eta j) k)
    with (fun k => z k * eta k * beta k * Q k) in drifts.
  rewrite ways, drifts in summed.
  assert (total (fun k => u k * m (tau k)) = sum T (fun k => z k * eta k / 2 * (1 - L * eta k) * m (tau k))
    - L ^ 2 / 2 * total (fun j => eta j * m (tau j) * readers (fun i => z i * eta i * alpha i * H i) j)) as reads.
  { unfold total. rewrite <- sum_scale, <- sum_minus. apply sum_ext. intros k inside. unfold u.
    replace (readers (fun i => z i * eta i * alpha i * H i) k) with (readers (fun i => z i * eta i * H i * alpha i) k)
      by (apply sum_ext; intros; ring). field. }
  rewrite by_readers in reads.
  assert (sigma ^ 2 / 2 * L * noise = L * sigma ^ 2 / 2 * sum T (fun k => z k * eta k ^ 2)
    + L ^ 2 / 2 * sigma ^ 2 * total (fun j => eta j * eta j * readers (fun i => z i * eta i * beta i) j)) as noises.
  { unfold noise, total. rewrite <- !sum_scale, <- sum_plus. apply sum_ext. intros k inside. field. }
  assert (total (fun t => v t * m t) = sum T (fun k => z k * eta k / 2 * m k) + total (fun t => m t * served u t)
    + sum T (fun t => previous (fun k => (1 - 1 / rho k) / (4 * L)) t * m t)
    - sum T (fun k => (rho k - 1) / (4 * L) * m k)) as points.
  { unfold total. rewrite <- !sum_plus, <- sum_minus. apply sum_ext. intros t inside. unfold v. ring. }
  pose proof (falls_to_below run T) as end_of_run. fold (m T) in end_of_run.
  assert (m T / (2 * L) = 1 / (2 * L) * m T) as half by (field; lra).
  unfold last. cbv beta in *. lra.
Qed.

(** The weights add up to the denominator. *)
Lemma whole_weight : total v + last = denominator.
Proof.
  pose proof (smoothness_positive run) as positive.
  pose proof (by_next T (fun k => (1 - 1 / rho k) / (4 * L)) (fun _ => 1)) as shifted. cbv beta in shifted.
  unfold denominator, last. rewrite <- Rplus_assoc. f_equal.
  transitivity (sum T (fun k => z k * eta k / 2 - (rho k - 1) / (4 * L)) + total (served u)
    + (sum T (fun t => previous (fun k => (1 - 1 / rho k) / (4 * L)) t * 1)
       + previous (fun k => (1 - 1 / rho k) / (4 * L)) T * 1)).
  - unfold total, v. rewrite !sum_plus, !Rmult_1_r. rewrite (sum_ext T (fun t => previous _ t * 1)
      (previous (fun k => (1 - 1 / rho k) / (4 * L)))) by (intros; ring). ring.
  - rewrite <- shifted, total_served. unfold total. rewrite <- !sum_plus. apply sum_ext. intros k inside.
    pose proof (rho_positive k inside). field. lra.
Qed.

Hypothesis not_small : forall k, (k < T)%nat -> 1 / 3 <= rho k.

Lemma last_nonneg : 0 <= last.
Proof.
  pose proof (smoothness_positive run) as positive. pose proof some_step as some. unfold last.
  destruct T as [| n] eqn:steps; [lia |]. simpl. pose proof (not_small n ltac:(lia)) as large.
  assert (1 / rho n <= 3).
  { apply Rmult_le_reg_l with (rho n); [lra |]. replace (rho n * (1 / rho n)) with 1 by (field; lra). lra. }
  replace ((1 - 1 / rho n) / (4 * L) + 1 / (2 * L)) with ((3 - 1 / rho n) * / (4 * L)) by (field; lra).
  apply Rmult_le_pos; [lra |]. apply Rlt_le, Rinv_0_lt_compat. lra.
Qed.

Theorem theorem_ar :
  (forall t, (t < T)%nat -> 0 <= v t) -> 0 < denominator ->
  (exists t, (t <= T)%nat /\ m t <= (Delta + L * sigma ^ 2 / 2 * noise) / denominator)
  /\ weighed_to_last v denominator ((Delta + L * sigma ^ 2 / 2 * noise) / denominator) m.
Proof.
  intros sign positive. apply by_weights_to_last with (last := last) (above := Delta + L * sigma ^ 2 / 2 * noise).
  - exact sign.
  - exact last_nonneg.
  - exact whole_weight.
  - exact positive.
  - exact weighed_squares.
  - apply Req_le. field. lra.
Qed.
End WeighedSquares.

(** Theorem A is rho = 1. *)
Section TheoremA.
Context {N : Setting} (run : Trace N) (alpha beta : nat -> R).
Hypothesis allowed : factors run alpha beta.

Notation m := (fun t => square (gradients run t)).

Definition c (k : nat) : R := L * eta k + L ^ 2 * readers (fun i => eta i * H i * alpha i) k.
Definition weight (t : nat) : R := eta t + served (fun k => eta k * (1 - c k)) t.
Definition noise_a : R := total (fun k => eta k ^ 2 * (1 + L * readers (fun i => eta i * beta i) k)).
Definition denominator_a : R := total (fun k => eta k * (1 - c k / 2)) + 1 / (2 * L).

Notation ones := (fun _ : nat => 1).

Lemma u_at_one : forall k, u alpha ones k = eta k * (1 - c k) / 2.
Proof.
  intros k. unfold u, c, z.
  rewrite (readers_ext (fun i => (1 + 1) / 2 * eta i * H i * alpha i) (fun i => eta i * H i * alpha i)) by (intros; field).
  field.
Qed.

Lemma v_at_one : forall t, v alpha ones t = weight t / 2.
Proof.
  intros t. unfold v, weight, z. pose proof (smoothness_positive run).
  replace (previous _ t) with 0 by (destruct t; simpl; [reflexivity | field; lra]).
  rewrite (served_ext (u alpha ones) (fun k => / 2 * (eta k * (1 - c k)))) by (intros; rewrite u_at_one; field).
  rewrite served_scale. field. lra.
Qed.

Lemma noise_at_one : noise beta ones = noise_a.
Proof.
  apply sum_ext. intros k _. unfold z.
  rewrite (readers_ext (fun i => (1 + 1) / 2 * eta i * beta i) (fun i => eta i * beta i)) by (intros; field). field.
Qed.

Lemma denominator_at_one : denominator alpha ones = denominator_a.
Proof.
  pose proof (smoothness_positive run). unfold denominator, denominator_a. f_equal. apply sum_ext. intros k _.
  rewrite u_at_one. unfold z. field. lra.
Qed.

Theorem weighed_squares_a :
  total (fun t => weight t / 2 * m t) + 1 / (2 * L) * m T <= Delta + L * sigma ^ 2 / 2 * noise_a.
Proof.
  pose proof (weighed_squares run alpha beta ones allowed (fun _ _ => Rlt_0_1)) as bound. rewrite noise_at_one in bound.
  unfold last in bound. replace (previous _ T) with 0 in bound
    by (pose proof (smoothness_positive run); destruct T; simpl; [reflexivity | field; lra]).
  replace (total (fun t => weight t / 2 * m t)) with (total (fun t => v alpha ones t * m t))
    by (apply sum_ext; intros; rewrite v_at_one; reflexivity). lra.
Qed.

Lemma whole_weight_a : total (fun t => weight t / 2) + 1 / (2 * L) = denominator_a.
Proof.
  rewrite <- denominator_at_one, <- (whole_weight run alpha ones (fun _ _ => Rlt_0_1)). f_equal.
  - apply sum_ext. intros. symmetry. apply v_at_one.
  - unfold last. replace (previous _ T) with 0
      by (pose proof (smoothness_positive run); destruct T; simpl; [reflexivity | field; lra]). ring.
Qed.

Lemma denominator_a_positive : (forall t, (t < T)%nat -> 0 <= weight t) -> 0 < denominator_a.
Proof.
  intros sign. pose proof (smoothness_positive run) as positive. rewrite <- whole_weight_a.
  assert (0 <= total (fun t => weight t / 2)) by (apply sum_nonneg; intros t inside; pose proof (sign t inside); lra).
  pose proof (Rdiv_lt_0_compat 1 (2 * L) ltac:(lra) ltac:(lra)). lra.
Qed.

(** Theorem A for any value above its own. *)
Theorem theorem_a_below : forall value, (forall t, (t < T)%nat -> 0 <= weight t) ->
  Delta + L * sigma ^ 2 / 2 * noise_a <= denominator_a * value ->
  (exists t, (t <= T)%nat /\ m t <= value) /\ weighed_to_last (fun t => weight t / 2) denominator_a value m.
Proof.
  intros value sign below. pose proof (smoothness_positive run) as positive.
  apply by_weights_to_last with (last := 1 / (2 * L)) (above := Delta + L * sigma ^ 2 / 2 * noise_a).
  - intros t inside. pose proof (sign t inside). lra.
  - apply Rlt_le, Rdiv_lt_0_compat; lra.
  - exact whole_weight_a.
  - exact (denominator_a_positive sign).
  - exact weighed_squares_a.
  - exact below.
Qed.

Theorem theorem_a : (forall t, (t < T)%nat -> 0 <= weight t) ->
  (exists t, (t <= T)%nat /\ m t <= (Delta + L * sigma ^ 2 / 2 * noise_a) / denominator_a)
  /\ weighed_to_last (fun t => weight t / 2) denominator_a ((Delta + L * sigma ^ 2 / 2 * noise_a) / denominator_a) m.
Proof.
  intros sign. apply (theorem_a_below _ sign). pose proof (denominator_a_positive sign). apply Req_le. field. lra.
Qed.

End TheoremA.
