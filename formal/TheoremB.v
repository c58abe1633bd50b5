(** Theorem B and Theorem B with noise: theory/bounds/theorem_b.py, theory/bounds/theorem_b_noise.py. *)

From Coq Require Import Reals Lra Lia Arith.
From Gradlag Require Import Sums Space Setting Run Steps TheoremAR.
Open Scope R_scope.

Section Turning.
Context {N : Setting} (run : Trace N).

Notation g := (gradients run).
Notation x := (points run).
Notation e := (noises run).
Notation f := (heights run).
Notation m := (fun t => square (g t)).
Notation gap k := (sub (x k) (x (S k))).

(** delta_k = g_k - g_{k+1}; |delta_k|^2 / eta_k, and 0 where the step is zero. *)
Definition delta (k : nat) : vectors run := sub (g k) (g (S k)).
Definition turn (k : nat) : R := if Req_EM_T (eta k) 0 then 0 else square (delta k) / eta k.

Definition H_plus (k : nat) : R := H k + eta k.

Lemma delta_of_zero_step : forall k, (k < T)%nat -> eta k = 0 -> square (delta k) = 0.
Proof.
  intros k inside zero. pose proof (turns run k (S k)) as near. rewrite square_move, zero in near by exact inside.
  pose proof (square_nonneg (delta k)) as sign. fold (square (delta k)) in sign. unfold delta in *. lra.
Qed.

Lemma delta_squared : forall k, (k < T)%nat -> square (delta k) = eta k * turn k.
Proof.
  intros k inside. unfold turn. destruct (Req_EM_T (eta k) 0) as [zero | some].
  - rewrite (delta_of_zero_step k inside zero). ring.
  - field. exact some.
Qed.

Lemma turn_nonneg : forall k, (k < T)%nat -> 0 <= turn k.
Proof.
  intros k inside. unfold turn. destruct (Req_EM_T (eta k) 0) as [zero | some]; [lra |].
  pose proof (steps_nonneg k inside) as sign.
  apply Rmult_le_pos; [apply square_nonneg | apply Rlt_le, Rinv_0_lt_compat; lra].
Qed.

(** g_a - g_b = sum of the delta_j between; by Cauchy-Schwarz |g_a - g_b|^2 <= (sum eta_j) (sum |delta_j|^2/eta_j). *)
Lemma turned : forall a b, (a <= b <= T)%nat -> square (sub (g a) (g b)) <=
  sum T (fun j => ind (between a b j) * eta j) * sum T (fun j => ind (between a b j) * turn j).
Proof.
  intros a b order.
  set (each := fun j => scale (if Req_EM_T (eta j) 0 then 0 else / eta j) (delta j)).
  set (whole := vsum T (fun j => scale (ind (between a b j) * eta j) (each j))).
  assert (forall v j, (j < T)%nat -> eta j * inner (each j) v = inner (delta j) v) as scaled.
  { intros v j inside. unfold each. rewrite inner_scale. destruct (Req_EM_T (eta j) 0) as [zero | some].
    - rewrite (null_is_orthogonal _ (delta j) v); [ring |]. rewrite (delta_of_zero_step j inside zero). lra.
    - field. exact some. }
  assert (forall v, inner (sub (g a) (g b)) v = inner whole v) as same.
  { intros v. unfold whole. rewrite inner_vsum.
    rewrite (sum_ext T _ (fun j => ind (between a b j) * inner (delta j) v))
      by (intros j inside; rewrite inner_scale, Rmult_assoc, scaled by exact inside; reflexivity).
    replace b with (a + (b - a))%nat by lia. assert (a + (b - a) <= T)%nat as bounded by lia.
    revert bounded. generalize (b - a)%nat as n. induction n as [| n IH]; intros bounded.
    - rewrite Nat.add_0_r, sum_zero; [rewrite inner_sub; ring |]. intros j _. rewrite between_none. simpl. ring.
    - rewrite Nat.add_succ_r.
      rewrite (sum_ext T _ (fun j => ind (between a (a + n) j) * inner (delta j) v
        + ind (j =? (a + n))%nat * inner (delta j) v)) by (intros; rewrite between_next by lia; ring).
      rewrite sum_plus, sum_pick, <- IH by lia. unfold delta. rewrite !inner_sub. ring. }
  assert (square (sub (g a) (g b)) = square whole) as length
    by (unfold square; rewrite same, inner_comm, same; reflexivity).
  rewrite length. apply Rle_trans with (1 := cauchy _ T (fun j => ind (between a b j) * eta j) each
    (fun j inside => Rmult_le_pos _ _ (ind_nonneg _) (steps_nonneg j inside))).
  apply Req_le. f_equal. apply sum_ext. intros j inside. rewrite Rmult_assoc. f_equal.
  unfold each. rewrite square_scale. unfold turn. destruct (Req_EM_T (eta j) 0) as [zero | some]; [ring |].
  field. exact some.
Qed.

Lemma turned_in_window : forall k, (k < T)%nat -> square (sub (g (tau k)) (g k)) <= H k * window turn k.
Proof. intros k inside. apply turned. pose proof (reads_past k inside). lia. Qed.

(** A sum over W_k^+ is that over W_k and the term of step k. *)
Lemma stretch_next : forall k a, (k < T)%nat ->
  sum T (fun j => ind (between (tau k) (S k) j) * a j) = window a k + a k.
Proof.
  intros k a inside. pose proof (reads_past k inside) as past. unfold window, in_window.
  rewrite (sum_ext T _ (fun j => ind (between (tau k) k j) * a j + ind (j =? k)%nat * a j))
    by (intros; rewrite between_next by lia; ring).
  rewrite sum_plus, sum_pick by exact inside. reflexivity.
Qed.

Lemma turned_next : forall k, (k < T)%nat ->
  square (sub (g (tau k)) (g (S k))) <= H_plus k * (window turn k + turn k).
Proof.
  intros k inside. pose proof (turned (tau k) (S k)) as far. rewrite !stretch_next in far by exact inside.
  apply far. pose proof (reads_past k inside). lia.
Qed.

(** The other way: by the way that the run made, up to x_{k+1}. The noise e_k meets no gradient read before. *)
Lemma moved_next : 0 <= sigma -> forall k, (k < T)%nat -> square (sub (x (tau k)) (x (S k))) <=
  H_plus k * (P run k + eta k * m (tau k)) + sigma * sigma * (Q k + eta k * eta k)
  + o k * (L * H k * (2 * (H k * P run k) + 3 * (sigma * sigma * Q k))).
Proof.
  intros sign k inside. pose proof (reads_past k inside) as past. rewrite distance by lia.
  assert (square (way run (tau k) (S k)) <= H_plus k * (P run k + eta k * m (tau k))) as way_bound.
  { apply Rle_trans with (1 := way_le run (tau k) (S k)).
    rewrite (stretch_next k eta), (stretch_next k (fun j => eta j * m (tau j))) by exact inside. apply Rle_refl. }
  assert (square (drift run (tau k) (S k)) <= sigma * sigma * (Q k + eta k * eta k)) as drift_bound.
  { apply Rle_trans with (1 := drift_le run (tau k) (S k)).
    rewrite (stretch_next k (fun j => eta j * eta j)) by exact inside. apply Rle_refl. }
  assert (inner (way run (tau k) (S k)) (drift run (tau k) (S k)) = inner (way run (tau k) k) (drift run (tau k) k)) as cross.
  { assert (forall v, inner (drift run (tau k) (S k)) v = inner (drift run (tau k) k) v + eta k * inner (e k) v) as last_noise.
    { intros v. unfold drift. rewrite !inner_vsum.
      rewrite (sum_ext T _ (fun j => ind (between (tau k) (S k) j) * (eta j * inner (e j) v)))
        by (intros; rewrite inner_scale; ring).
      rewrite stretch_next by exact inside. unfold window. f_equal. apply sum_ext. intros.
      rewrite inner_scale. unfold in_window. ring. }
    assert (forall v, inner (way run (tau k) (S k)) v = inner (way run (tau k) k) v + eta k * inner (g (tau k)) v) as last_way.
    { intros v. unfold way. rewrite !inner_vsum.
      rewrite (sum_ext T _ (fun j => ind (between (tau k) (S k) j) * (eta j * inner (g (tau j)) v)))
        by (intros; rewrite inner_scale; ring).
      rewrite stretch_next by exact inside. unfold window. f_equal. apply sum_ext. intros.
      rewrite inner_scale. unfold in_window. ring. }
    rewrite inner_comm, last_noise.
    assert (inner (e k) (way run (tau k) (S k)) = 0) as unseen.
    { unfold way. rewrite inner_vsum_right. apply sum_zero. intros j inside_j. rewrite inner_scale_right.
      destruct (between (tau k) (S k) j) eqn:member; [| simpl; ring]. apply between_true in member.
      pose proof (reads_past j inside_j). rewrite fresh_for_gradients by lia. ring. }
    rewrite unseen, inner_comm, last_way, known_before_drift by lia. ring. }
  rewrite cross. pose proof (cross_term run sign k inside). lra.
Qed.

End Turning.

Section TheoremB.
Context {N : Setting} (run : Trace N) (share rho b : nat -> R).

Notation g := (gradients run).
Notation x := (points run).
Notation e := (noises run).
Notation f := (heights run).
Notation m := (fun t => square (g t)).
Notation gap k := (sub (x k) (x (S k))).

Definition R_ (j : nat) : R :=
  readers (fun k => share k * eta k * (H k + H_plus k)) j + share j * eta j * H_plus j.
Definition C (j : nat) : R :=
  readers (fun k => (1 - share k) * eta k * (H k + H_plus k + 4 * o k * L * H k ^ 2)) j + (1 - share j) * eta j * H_plus j.
Definition N_ (j : nat) : R :=
  readers (fun k => (1 - share k) * eta k * (2 + 6 * o k * L * H k)) j + (1 - share j) * eta j.
Definition weight (t : nat) : R :=
  eta t + previous (fun k => eta k) t + served (fun k => eta k * (2 - L * b k - L ^ 2 * C k)) t.
Definition noise : R := total (fun k => eta k * (b k + eta k / rho k + L * eta k * N_ k)).
Definition denominator : R := total (fun k => eta k * (1 - L * b k / 4 - L ^ 2 * C k / 4)) + 1 / (2 * L).
Definition last : R := previous (fun k => eta k) T / 4 + 1 / (2 * L).

Hypothesis sigma_nonneg : 0 <= sigma.
Hypothesis shares : forall k, (k < T)%nat -> 0 <= share k <= 1.
Hypothesis rho_nonneg : forall k, (k < T)%nat -> 0 <= rho k.
Hypothesis rho_where_noisy : forall k, (k < T)%nat -> 0 < rho k \/ sigma = 0.
Hypothesis b_at_least_step : forall k, (k < T)%nat -> eta k <= b k.
Hypothesis b_at_least_turn : forall k, (k < T)%nat -> L * R_ k + rho k * eta k <= b k.

(** Step 2: (eta_k/2) <delta_k, e_k> by Young. *)
Lemma noise_meets_turn : forall k, (k < T)%nat -> 2 * eta k * inner (delta run k) (e k)
  <= rho k / L * square (delta run k) + L * (eta k * (eta k / rho k)) * (sigma * sigma).
Proof.
  intros k inside. pose proof (smoothness_positive run) as positive. pose proof (variance run k inside) as bounded.
  destruct (rho_where_noisy k inside) as [free | still].
  - pose proof (young _ (rho k / L) (delta run k) (scale (eta k) (e k)) ltac:(apply Rdiv_lt_0_compat; lra)) as mixed.
    rewrite inner_scale_right, square_scale in mixed.
    assert (L * / rho k * (eta k * eta k) * square (e k) <= L * / rho k * (eta k * eta k) * (sigma * sigma)) as less.
    { apply Rmult_le_compat_l; [| exact bounded]. apply Rmult_le_pos; [| apply Rle_0_sqr].
      apply Rmult_le_pos; [lra | apply Rlt_le, Rinv_0_lt_compat, free]. }
    replace (eta k * eta k * square (e k) / (rho k / L)) with (L * / rho k * (eta k * eta k) * square (e k))
      in mixed by (field; lra).
    replace (L * (eta k * (eta k / rho k)) * (sigma * sigma)) with (L * / rho k * (eta k * eta k) * (sigma * sigma))
      by (field; lra). lra.
  - rewrite still in *. rewrite inner_comm, null_is_orthogonal by lra. rewrite !Rmult_0_r, Rplus_0_r.
    apply Rmult_le_pos; [| apply square_nonneg]. apply Rmult_le_pos; [apply rho_nonneg, inside |].
    apply Rlt_le, Rinv_0_lt_compat, positive.
Qed.

(** Steps 1 and 2 for one step. *)
Lemma one_turn : forall k, (k < T)%nat ->
  eta k / 2 * (inner (g k) (g (tau k)) + inner (g (S k)) (g (tau k)))
  + (b k - rho k * eta k) / (4 * L) * turn run k - L / 4 * (eta k * b k) * m (tau k)
  - L * sigma ^ 2 / 4 * (eta k * (b k + eta k / rho k)) <= f k - f (S k).
Proof.
  intros k inside. pose proof (smoothness_positive run) as positive. pose proof (steps_nonneg k inside) as sign.
  pose proof (interpolates run k (S k)) as here. pose proof (delta_squared run k inside) as turned.
  pose proof (square_move_le run k inside) as long. pose proof (turns run k (S k)) as near.
  pose proof (b_at_least_step k inside) as large. pose proof (turn_nonneg run k inside) as turn_sign.
  fold (delta run k) in here, near.
  assert (inner (add (g k) (g (S k))) (gap k)
    = eta k * (inner (g k) (g (tau k)) + inner (g (S k)) (g (tau k)) - inner (delta run k) (e k))) as aligned.
  { rewrite inner_comm, moves by exact inside. unfold delta.
    rewrite !inner_add_right, inner_sub, (inner_comm (g (tau k)) (g k)), (inner_comm (g (tau k)) (g (S k))).
    rewrite (inner_comm (e k) (g (S k))), (inner_comm (g k) (e k)).
    rewrite (fresh_for_gradients run k k inside (le_n k)). ring. }
  rewrite aligned in here.
  destruct (Req_dec (eta k) 0) as [zero | some].
  - assert (turn run k = 0) as still by (unfold turn; destruct (Req_EM_T (eta k) 0); [reflexivity | contradiction]).
    rewrite still, zero in *. pose proof (square_nonneg (delta run k)) as delta_sign. fold (square (delta run k)) in delta_sign.
    assert (square (gap k) <= 0) by lra. pose proof (square_nonneg (gap k)) as gap_sign. fold (square (gap k)) in gap_sign.
    replace (square (gap k)) with 0 in here by lra. rewrite turned in here. lra.
  - assert (0 < eta k) as step_positive by lra.
    assert (0 <= (b k / eta k - 1) / (4 * L) * (L * L * square (gap k) - square (delta run k))) as weaker.
    { apply Rmult_le_pos; [| lra]. apply Rmult_le_pos; [| apply Rlt_le, Rinv_0_lt_compat; lra].
      assert (1 <= b k / eta k); [| lra]. apply Rmult_le_reg_r with (eta k); [exact step_positive |].
      replace (b k / eta k * eta k) with (b k) by (field; lra). lra. }
    assert (L / 4 * (b k / eta k) * square (gap k)
      <= L / 4 * (eta k * b k) * (square (g (tau k)) + sigma * sigma)) as moved.
    { replace (L / 4 * (eta k * b k) * (square (g (tau k)) + sigma * sigma))
        with (L / 4 * (b k / eta k) * (eta k * eta k * (square (g (tau k)) + sigma * sigma))) by (field; lra).
      apply Rmult_le_compat_l; [| exact long]. apply Rmult_le_pos; [lra |]. apply Rlt_le, Rdiv_lt_0_compat; lra. }
    pose proof (noise_meets_turn k inside) as mixed. rewrite turned in mixed, weaker, here.
    assert ((b k / eta k - 1) / (4 * L) * (L * L * square (gap k) - eta k * turn run k)
      = L / 4 * (b k / eta k) * square (gap k) - L / 4 * square (gap k)
        - (b k / (4 * L) * turn run k - eta k * turn run k / (4 * L))) as parts by (field; lra).
    assert ((eta k * turn run k - L * L * square (gap k)) / (4 * L)
      = eta k * turn run k / (4 * L) - L / 4 * square (gap k)) as parts' by (field; lra).
    assert ((b k - rho k * eta k) / (4 * L) * turn run k
      = b k / (4 * L) * turn run k - / 4 * (rho k / L * (eta k * turn run k))) as parts'' by (field; lra).
    cbv beta. lra.
Qed.

(** Step 3: the two ways to bound |g_k - g_{tau_k}|^2 and |g_{k+1} - g_{tau_k}|^2. *)
Lemma apart : forall k, (k < T)%nat ->
  square (sub (g (tau k)) (g k)) + square (sub (g (tau k)) (g (S k)))
  <= share k * ((H k + H_plus k) * window (turn run) k + H_plus k * turn run k)
     + (1 - share k) * (L ^ 2 * ((H k + H_plus k + 4 * o k * L * H k ^ 2) * P run k + H_plus k * (eta k * m (tau k))
       + sigma ^ 2 * ((2 + 6 * o k * L * H k) * Q k + eta k * eta k))).
Proof.
  intros k inside. pose proof (smoothness_positive run) as positive.
  pose proof (turned_in_window run k inside) as near. pose proof (turned_next run k inside) as far.
  pose proof (factors_where_overtaken run sigma_nonneg k inside) as near_x.
  pose proof (moved_next run sigma_nonneg k inside) as far_x.
  pose proof (turns run (tau k) k) as near'. pose proof (turns run (tau k) (S k)) as far'.
  set (a := square (sub (g (tau k)) (g k))) in *. set (b' := square (sub (g (tau k)) (g (S k)))) in *.
  apply Rle_trans with (share k * (a + b') + (1 - share k) * (a + b')); [apply Req_le; ring |].
  pose proof (shares k inside). apply Rplus_le_compat; apply Rmult_le_compat_l; try lra.
  apply Rle_trans with (L * L * square (sub (x (tau k)) (x k)) + L * L * square (sub (x (tau k)) (x (S k)))); [lra |].
  rewrite <- Rmult_plus_distr_l. replace (L ^ 2) with (L * L) by ring.
  apply Rmult_le_compat_l; [apply Rle_0_sqr |]. cbv beta in *. lra.
Qed.

(** Step 4 for one step. *)
Lemma one_step : forall k, (k < T)%nat ->
  eta k / 4 * m k + eta k / 4 * m (S k)
  + eta k * (1 / 2 - L * b k / 4 - L ^ 2 / 4 * ((1 - share k) * H_plus k * eta k)) * m (tau k)
  + ((b k - rho k * eta k) / (4 * L) - share k * eta k * H_plus k / 4) * turn run k
  - / 4 * (share k * eta k * (H k + H_plus k) * window (turn run) k)
  - L ^ 2 / 4 * ((1 - share k) * eta k * (H k + H_plus k + 4 * o k * L * H k ^ 2) * P run k)
  - L ^ 2 * sigma ^ 2 / 4 * ((1 - share k) * eta k * (2 + 6 * o k * L * H k) * Q k)
  - L * sigma ^ 2 / 4 * (eta k * (b k + eta k / rho k + L * eta k * ((1 - share k) * eta k))) <= f k - f (S k).
Proof.
  intros k inside. pose proof (one_turn k inside) as falls. apply Rle_trans with (2 := falls).
  pose proof (apart k inside) as near. rewrite !square_sub, (inner_comm (g (tau k))), (inner_comm (g (tau k)) (g (S k))) in near.
  apply (Rmult_le_compat_l (eta k / 4)) in near; [| pose proof (steps_nonneg k inside); lra].
  cbv beta in *. lra.
Qed.

(** Steps 4 and 5: sum over the steps, exchange the sums; what is left of the |delta_j|^2 is dropped. *)
Theorem weighed_squares : total (fun t => weight t / 4 * m t) + last * m T <= Delta + L * sigma ^ 2 / 4 * noise.
Proof.
  pose proof (smoothness_positive run) as positive.
  pose proof (sum_le T _ _ one_step) as summed. rewrite sum_telescopes in summed. cbv beta in summed.
  rewrite !(sum_minus T), !(sum_plus T), !(sum_scale T) in summed.
  rewrite (by_next T (fun k => eta k / 4) (fun t => square (g t))) in summed.
  pose proof (exchange (fun k => share k * eta k * (H k + H_plus k)) (turn run)) as turns.
  pose proof (exchange (fun k => (1 - share k) * eta k * (H k + H_plus k + 4 * o k * L * H k ^ 2))
    (fun j => eta j * square (g (tau j)))) as ways.
  pose proof (exchange (fun k => (1 - share k) * eta k * (2 + 6 * o k * L * H k)) (fun j => eta j * eta j)) as drifts.
  unfold total at 1 in turns. unfold total at 1 in ways. unfold total at 1 in drifts.
  change (fun k => (1 - share k) * eta k * (H k + H_plus k + 4 * o k * L * H k ^ 2)
    * window (fun j => eta j * square (g (tau j))) k)
    with (fun k => (1 - share k) * eta k * (H k + H_plus k + 4 * o k * L * H k ^ 2) * P run k) in ways.
  change (fun k => (1 - share k) * eta k * (2 + 6 * o k * L * H k) * window (fun j => eta j * eta j) k)
    with (fun k => (1 - share k) * eta k * (2 + 6 * o k * L * H k) * Q k) in drifts.
  rewrite turns, ways, drifts in summed.
  assert (0 <= sum T (fun k => ((b k - rho k * eta k) / (4 * L) - share k * eta k * H_plus k / 4) * turn run k)
    - / 4 * total (fun j => turn run j * readers (fun k => share k * eta k * (H k + H_plus k)) j)) as dropped.
  { unfold total. rewrite <- sum_scale, <- sum_minus. apply sum_nonneg. intros j inside.
    replace (((b j - rho j * eta j) / (4 * L) - share j * eta j * H_plus j / 4) * turn run j
      - / 4 * (turn run j * readers (fun k => share k * eta k * (H k + H_plus k)) j))
      with ((b j - (L * R_ j + rho j * eta j)) / (4 * L) * turn run j) by (unfold R_; field; lra).
    pose proof (b_at_least_turn j inside).
    apply Rmult_le_pos; [| apply turn_nonneg, inside]. apply Rmult_le_pos; [lra | apply Rlt_le, Rinv_0_lt_compat; lra]. }
  assert (total (fun k => / 4 * (eta k * (2 - L * b k - L ^ 2 * C k)) * m (tau k))
    = sum T (fun k => eta k * (1 / 2 - L * b k / 4 - L ^ 2 / 4 * ((1 - share k) * H_plus k * eta k)) * m (tau k))
    - L ^ 2 / 4 * total (fun j => eta j * m (tau j)
        * readers (fun k => (1 - share k) * eta k * (H k + H_plus k + 4 * o k * L * H k ^ 2)) j)) as reads.
  { unfold total. rewrite <- sum_scale, <- sum_minus. apply sum_ext. intros k inside. unfold C. field. }
  pose proof (by_readers (fun k => / 4 * (eta k * (2 - L * b k - L ^ 2 * C k))) (fun t => square (g t))) as by_points.
  assert (L * sigma ^ 2 / 4 * noise
    = L * sigma ^ 2 / 4 * sum T (fun k => eta k * (b k + eta k / rho k + L * eta k * ((1 - share k) * eta k)))
    + L ^ 2 * sigma ^ 2 / 4 * total (fun j => eta j * eta j
        * readers (fun k => (1 - share k) * eta k * (2 + 6 * o k * L * H k)) j)) as noises.
  { unfold noise, total. rewrite <- !sum_scale, <- sum_plus. apply sum_ext. intros k inside. unfold N_, Rdiv. ring. }
  assert (total (fun t => weight t / 4 * m t) = sum T (fun k => eta k / 4 * m k)
    + sum T (fun t => previous (fun k => eta k / 4) t * m t)
    + total (fun t => m t * served (fun k => / 4 * (eta k * (2 - L * b k - L ^ 2 * C k))) t)) as points.
  { unfold total. rewrite <- !sum_plus. apply sum_ext. intros t inside. unfold weight. rewrite served_scale.
    replace (previous (fun k => eta k / 4) t) with (previous (fun k => eta k) t / 4) by (destruct t; simpl; field). field. }
  pose proof (falls_to_below run T) as end_of_run.
  assert (square (g T) / (2 * L) = 1 / (2 * L) * square (g T)) as half by (field; lra).
  assert (last = previous (fun k => eta k / 4) T + 1 / (2 * L)) as ending
    by (unfold last; destruct T; simpl; field; lra).
  rewrite ending. cbv beta in *. lra.
Qed.

Lemma whole_weight : total (fun t => weight t / 4) + last = denominator.
Proof.
  pose proof (smoothness_positive run) as positive.
  pose proof (by_next T eta (fun _ => 1)) as shifted. cbv beta in shifted.
  unfold denominator, last. rewrite <- Rplus_assoc. f_equal.
  transitivity (/ 4 * (sum T eta + (sum T (fun t => previous eta t * 1) + previous eta T * 1)
    + total (served (fun k => eta k * (2 - L * b k - L ^ 2 * C k))))).
  - assert (total (fun t => weight t / 4) = / 4 * (sum T eta + sum T (fun t => previous eta t * 1)
      + total (served (fun k => eta k * (2 - L * b k - L ^ 2 * C k))))) as parts.
    { unfold total. rewrite <- !sum_plus, <- sum_scale. apply sum_ext. intros t inside. unfold weight.
      change (fun k => eta k) with eta. field. }
    rewrite parts. change (fun k => eta k) with eta. field.
  - rewrite <- shifted, total_served. unfold total. rewrite <- !sum_plus, <- sum_scale. apply sum_ext. intros. field.
Qed.

Theorem theorem_b : (forall t, (t < T)%nat -> 0 <= weight t) ->
  (exists t, (t <= T)%nat /\ m t <= (Delta + L * sigma ^ 2 / 4 * noise) / denominator)
  /\ weighed_to_last (fun t => weight t / 4) denominator ((Delta + L * sigma ^ 2 / 4 * noise) / denominator) m.
Proof.
  intros sign. pose proof (smoothness_positive run) as positive.
  assert (1 / (2 * L) <= last) as last_sign.
  { unfold last. pose proof some_step as some. pose proof steps_nonneg as steps. destruct T as [| n]; [lia |].
    simpl. pose proof (steps n ltac:(lia)). lra. }
  pose proof (Rdiv_lt_0_compat 1 (2 * L) ltac:(lra) ltac:(lra)).
  assert (forall t, (t < T)%nat -> 0 <= weight t / 4) as sign' by (intros t inside; pose proof (sign t inside); lra).
  pose proof (sum_nonneg T _ sign') as weights. pose proof whole_weight as whole. unfold total at 1 in whole.
  apply by_weights_to_last with (last := last) (above := Delta + L * sigma ^ 2 / 4 * noise).
  - exact sign'.
  - lra.
  - exact whole_weight.
  - lra.
  - exact weighed_squares.
  - apply Req_le. field. lra.
Qed.

End TheoremB.
