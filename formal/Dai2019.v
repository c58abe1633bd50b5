(** The family of Theorem 1 of the staleness study, with gradient coherence: theory/bounds/dai2019.py. *)

From Coq Require Import Reals Lra Lia Arith.
From Gradlag Require Import Sums Space Setting Run Steps.
Open Scope R_scope.

Section Dai2019.
Context {N : Setting} (run : Trace N).

Notation g := (gradients run).
Notation m := (fun t => square (g t)).
Notation f := (heights run).

Hypothesis coherence : forall k, (k < T)%nat -> mu * square (g k) <= inner (g k) (g (tau k)).

Definition numerator : R := Delta + L * sigma ^ 2 / 2 * total (fun k => eta k ^ 2).
Definition tight_weight (t : nat) : R := mu * eta t - L / 2 * served (fun k => eta k ^ 2) t.

(** Steps 1 to 4: descent lemma, coherence, sum, exchange. *)
Lemma tight : total (fun t => tight_weight t * m t) <= numerator.
Proof.
  pose proof (smoothness_positive run) as positive.
  assert (forall k, (k < T)%nat -> mu * eta k * m k - L / 2 * (eta k ^ 2 * m (tau k)) - L * sigma ^ 2 / 2 * eta k ^ 2
    <= f k - f (S k)) as one_step.
  { intros k inside. pose proof (descent run k 1 ltac:(lra)) as falls. rewrite inner_move in falls by exact inside.
    pose proof (square_move_le run k inside) as long. pose proof (coherence k inside) as aligned.
    apply (Rmult_le_compat_l (eta k)) in aligned; [| apply steps_nonneg, inside].
    apply (Rmult_le_compat_l (L / 2)) in long; [| lra]. lra. }
  pose proof (sum_le T _ _ one_step) as summed. rewrite sum_telescopes in summed. cbv beta in summed.
  rewrite !(sum_minus T), !(sum_scale T) in summed.
  pose proof (by_readers (fun k => eta k ^ 2) (fun t => square (g t))) as reads. unfold total at 1 in reads.
  cbv beta in reads. rewrite reads in summed.
  assert (total (fun t => tight_weight t * m t) = sum T (fun k => mu * eta k * square (g k))
    - L / 2 * total (fun t => square (g t) * served (fun k => eta k ^ 2) t)) as points.
  { unfold total. rewrite <- sum_scale, <- sum_minus. apply sum_ext. intros t inside. unfold tight_weight. ring. }
  pose proof (falls_to_below run T) as end_of_run.
  assert (0 <= square (g T) / (2 * L)) as last_sign.
  { apply Rmult_le_pos; [apply square_nonneg | apply Rlt_le, Rinv_0_lt_compat; lra]. }
  unfold numerator, total in *. cbv beta in *. lra.
Qed.

Lemma total_tight_weight : total tight_weight = mu * total eta - L / 2 * total (fun k => eta k ^ 2).
Proof.
  unfold tight_weight. rewrite <- (total_served (fun k => eta k ^ 2)). unfold total. rewrite <- !sum_scale, <- sum_minus. reflexivity.
Qed.

Theorem dai2019_tight : (forall t, (t < T)%nat -> 0 <= tight_weight t) ->
  0 < mu * total eta - L / 2 * total (fun k => eta k ^ 2) ->
  let whole := mu * total eta - L / 2 * total (fun k => eta k ^ 2) in
  (exists t, (t < T)%nat /\ m t <= numerator / whole) /\ weighed_before_last tight_weight whole (numerator / whole) m.
Proof.
  intros sign positive whole. apply by_weights_before_last with (above := numerator).
  - exact sign.
  - exact total_tight_weight.
  - exact positive.
  - exact tight.
  - apply Req_le. field. unfold whole. lra.
Qed.

(** Step 5: at most s steps read a point, and none has a longer step. *)
Hypothesis within : delays_within.
Hypothesis not_increasing : forall k, (1 <= k < T)%nat -> 1 < INR s -> eta k <= previous eta k.

Lemma later_is_smaller : 1 < INR s -> forall t n, (t + n < T)%nat -> eta (t + n) <= eta t.
Proof.
  intros stale t. induction n as [| n IH]; intros inside; [rewrite Nat.add_0_r; lra |].
  rewrite Nat.add_succ_r in *. pose proof (not_increasing (S (t + n)) ltac:(lia) stale) as less. simpl in less.
  apply Rle_trans with (1 := less). apply IH. lia.
Qed.

Lemma reader_has_smaller_step : forall k, (k < T)%nat -> eta k <= eta (tau k).
Proof.
  intros k inside. pose proof (reads_past k inside) as past.
  destruct (Nat.eq_dec k (tau k)) as [same | stale]; [rewrite <- same; lra |].
  replace (eta k) with (eta (tau k + (k - tau k))) by (f_equal; lia). apply later_is_smaller; [| lia].
  pose proof (delay_below within k inside) as small. apply (lt_INR 1). lia.
Qed.

Lemma served_squares : forall t, served (fun k => eta k ^ 2) t <= INR s * eta t ^ 2.
Proof.
  intros t. apply Rle_trans with (eta t ^ 2 * served (fun _ => 1) t).
  - rewrite <- served_scale. apply sum_le. intros k inside. destruct (Nat.eqb_spec (tau k) t) as [reads |]; [| simpl; lra].
    apply Rmult_le_compat_l; [apply ind_nonneg |]. rewrite Rmult_1_r. apply pow_incr.
    split; [apply steps_nonneg, inside |]. rewrite <- reads. apply reader_has_smaller_step, inside.
  - rewrite Rmult_comm. apply Rmult_le_compat_r; [apply pow2_ge_0 | apply served_count, within].
Qed.

Lemma with_factor_s : forall v : nat -> R,
  (forall t, (t < T)%nat -> v t <= mu * eta t - INR s * L / 2 * eta t ^ 2) -> total (fun t => v t * m t) <= numerator.
Proof.
  intros v below. apply Rle_trans with (2 := tight). apply sum_le. intros t inside.
  apply Rmult_le_compat_r; [apply square_nonneg |]. apply Rle_trans with (1 := below t inside).
  pose proof (smoothness_positive run). pose proof (served_squares t) as few.
  apply (Rmult_le_compat_l (L / 2)) in few; [| lra]. unfold tight_weight. lra.
Qed.

Definition sum_weight (t : nat) : R := mu * eta t - INR s * L / 2 * eta t ^ 2.

Lemma total_sum_weight : total sum_weight = mu * total eta - INR s * L / 2 * total (fun k => eta k ^ 2).
Proof. unfold sum_weight, total. rewrite <- !sum_scale, <- sum_minus. reflexivity. Qed.

Theorem dai2019_sum_below : forall value, (forall t, (t < T)%nat -> 0 <= sum_weight t) ->
  0 < mu * total eta - INR s * L / 2 * total (fun k => eta k ^ 2) ->
  numerator <= (mu * total eta - INR s * L / 2 * total (fun k => eta k ^ 2)) * value ->
  (exists t, (t < T)%nat /\ m t <= value)
  /\ weighed_before_last sum_weight (mu * total eta - INR s * L / 2 * total (fun k => eta k ^ 2)) value m.
Proof.
  intros value sign positive below. apply by_weights_before_last with (above := numerator).
  - exact sign.
  - exact total_sum_weight.
  - exact positive.
  - apply with_factor_s. intros. apply Rle_refl.
  - exact below.
Qed.

Theorem dai2019_sum : (forall t, (t < T)%nat -> 0 <= sum_weight t) ->
  0 < mu * total eta - INR s * L / 2 * total (fun k => eta k ^ 2) ->
  let whole := mu * total eta - INR s * L / 2 * total (fun k => eta k ^ 2) in
  (exists t, (t < T)%nat /\ m t <= numerator / whole) /\ weighed_before_last sum_weight whole (numerator / whole) m.
Proof.
  intros sign positive whole. apply (dai2019_sum_below _ sign positive). apply Req_le. unfold whole. field. lra.
Qed.

(** Step 7: steps of at most mu/(s L). *)
Theorem dai2019_constant : (forall k, (k < T)%nat -> eta k <= mu / (INR s * L)) -> 0 < mu -> 0 < mu * total eta ->
  let value := (2 * Delta + L * sigma ^ 2 * total (fun k => eta k ^ 2)) / (mu * total eta) in
  (exists t, (t < T)%nat /\ m t <= value) /\ weighed_before_last (fun t => mu * eta t) (mu * total eta) value m.
Proof.
  intros small mu_positive positive value. pose proof (smoothness_positive run) as L_positive.
  pose proof (lt_0_INR s some_staleness) as s_positive.
  assert (forall t, (t < T)%nat -> INR s * L * eta t ^ 2 <= mu * eta t) as each.
  { intros t inside. pose proof (small t inside) as less. pose proof (steps_nonneg t inside) as sign.
    apply (Rmult_le_compat_l (INR s * L * eta t)) in less; [| apply Rmult_le_pos; [apply Rmult_le_pos |]; lra].
    replace (INR s * L * eta t * (mu / (INR s * L))) with (mu * eta t) in less by (field; lra). lra. }
  apply by_weights_before_last with (above := 2 * numerator).
  - intros t inside. apply Rmult_le_pos; [lra | apply steps_nonneg, inside].
  - unfold total. rewrite <- sum_scale. reflexivity.
  - exact positive.
  - assert (forall t, (t < T)%nat -> / 2 * (mu * eta t) <= mu * eta t - INR s * L / 2 * eta t ^ 2) as half
      by (intros t inside; pose proof (each t inside); lra).
    pose proof (with_factor_s (fun t => / 2 * (mu * eta t)) half) as bound.
    assert (total (fun t => mu * eta t * m t) = 2 * total (fun t => / 2 * (mu * eta t) * m t)) as doubled
      by (unfold total; rewrite <- sum_scale; apply sum_ext; intros; field). cbv beta in *. lra.
  - apply Req_le. unfold value, numerator. field. split; intros none; rewrite none in positive; lra.
Qed.

End Dai2019.

(** Step 6: sums of 1/sqrt(k) and 1/k. *)
Section Schedule.

Definition roots (n : nat) : R := sum n (fun k => / sqrt (INR (S k))).
Definition harmonic (n : nat) : R := sum n (fun k => / INR (S k)).

Lemma next_positive : forall k, 0 < INR (S k).
Proof. intros. apply lt_0_INR. lia. Qed.

Lemma root_positive : forall k, 0 < sqrt (INR (S k)).
Proof. intros. apply sqrt_lt_R0, next_positive. Qed.

Lemma root_squared : forall k, sqrt (INR (S k)) * sqrt (INR (S k)) = INR (S k).
Proof. intros. apply sqrt_sqrt, Rlt_le, next_positive. Qed.

Lemma inverse_squared : forall k, / INR (S k) = / sqrt (INR (S k)) * / sqrt (INR (S k)).
Proof. intros k. rewrite <- Rinv_mult, root_squared. reflexivity. Qed.

Lemma root_at_least_one : forall k, 1 <= sqrt (INR (S k)).
Proof. intros k. rewrite <- sqrt_1. apply sqrt_le_1_alt. rewrite S_INR. pose proof (pos_INR k). lra. Qed.

Lemma inverse_below : forall k, / INR (S k) <= / sqrt (INR (S k)).
Proof.
  intros k. rewrite inverse_squared. pose proof (root_at_least_one k) as large.
  assert (0 < / sqrt (INR (S k))) as sign by (apply Rinv_0_lt_compat; lra).
  assert (/ sqrt (INR (S k)) <= 1) as small by (rewrite <- Rinv_1; apply Rinv_le_contravar; lra).
  rewrite <- (Rmult_1_r (/ sqrt (INR (S k)))) at 3. apply Rmult_le_compat_l; lra.
Qed.

(** 1/(k+1) <= ln(k+1) - ln k. *)
Lemma log_step : forall k, / INR (S (S k)) <= ln (INR (S (S k))) - ln (INR (S k)).
Proof.
  intros k. set (a := INR (S k)). assert (0 < a) as positive by apply next_positive.
  replace (INR (S (S k))) with (a + 1) by (unfold a; rewrite (S_INR (S k)); ring).
  assert (ln (a / (a + 1)) <= a / (a + 1) - 1) as below.
  { destruct (Rtotal_order (ln (a / (a + 1))) (a / (a + 1) - 1)) as [less | [same | more]]; [lra | lra | exfalso].
    assert (0 < a / (a + 1)) as ratio by (apply Rdiv_lt_0_compat; lra).
    pose proof (exp_ineq1_le (ln (a / (a + 1)))) as above. rewrite exp_ln in above by exact ratio. lra. }
  unfold Rdiv in below at 1. rewrite ln_mult, ln_Rinv in below; try lra; [| apply Rinv_0_lt_compat; lra].
  replace (a / (a + 1) - 1) with (- / (a + 1)) in below by (field; lra). lra.
Qed.

Lemma harmonic_below_log : forall n, harmonic (S n) <= 1 + ln (INR (S n)).
Proof.
  induction n as [| n IH].
  - unfold harmonic. simpl. rewrite ln_1. lra.
  - change (harmonic (S (S n))) with (harmonic (S n) + / INR (S (S n))). pose proof (log_step n). lra.
Qed.

Lemma log_at_least_one : forall n, (3 <= n)%nat -> 1 <= ln (INR n).
Proof.
  intros n large. rewrite <- (ln_exp 1). pose proof exp_le_3 as small. pose proof (le_INR 3 n large) as more. simpl in more.
  destruct (Rle_lt_or_eq_dec (exp 1) (INR n) ltac:(lra)) as [less | same].
  - apply Rlt_le, ln_increasing; [apply exp_pos | exact less].
  - rewrite same. lra.
Qed.

(** A rational lower bound of 1/sqrt(a). *)
Lemma inverse_root_above : forall a r, 0 < a -> 0 < r -> r * r * a <= 1 -> r <= / sqrt a.
Proof.
  intros a r positive sign small. pose proof (sqrt_lt_R0 a positive) as root. pose proof (sqrt_sqrt a ltac:(lra)) as squared.
  apply Rmult_le_reg_r with (sqrt a); [exact root |]. rewrite Rinv_l by lra.
  apply Rsqr_incr_0; unfold Rsqr; [| apply Rmult_le_pos; lra | lra].
  replace (r * sqrt a * (r * sqrt a)) with (r * r * (sqrt a * sqrt a)) by ring. rewrite squared. lra.
Qed.

(** R = S - H/2 is at least sqrt(T) for T >= 7: it is so at 7, and R - sqrt(T) grows. *)
Lemma weight_at_seven : sqrt 7 <= roots 7 - harmonic 7 / 2.
Proof.
  unfold roots, harmonic. simpl.
  replace (1 + 1) with 2 by ring. replace (2 + 1) with 3 by ring. replace (3 + 1) with 4 by ring.
  replace (4 + 1) with 5 by ring. replace (5 + 1) with 6 by ring. replace (6 + 1) with 7 by ring. rewrite sqrt_1.
  pose proof (inverse_root_above 2 (7071 / 10000) ltac:(lra) ltac:(lra) ltac:(lra)).
  pose proof (inverse_root_above 3 (5773 / 10000) ltac:(lra) ltac:(lra) ltac:(lra)).
  pose proof (inverse_root_above 4 (1 / 2) ltac:(lra) ltac:(lra) ltac:(lra)).
  pose proof (inverse_root_above 5 (4472 / 10000) ltac:(lra) ltac:(lra) ltac:(lra)).
  pose proof (inverse_root_above 6 (4082 / 10000) ltac:(lra) ltac:(lra) ltac:(lra)).
  pose proof (inverse_root_above 7 (3779 / 10000) ltac:(lra) ltac:(lra) ltac:(lra)).
  assert (sqrt 7 <= 27 / 10).
  { rewrite <- (sqrt_square (27 / 10)) by lra. apply sqrt_le_1_alt. lra. }
  lra.
Qed.

Lemma weight_grows : forall n, sqrt (INR (S (S n))) - sqrt (INR (S n)) <= / sqrt (INR (S (S n))) - / INR (S (S n)) / 2.
Proof.
  intros n. set (a := sqrt (INR (S n))). set (b := sqrt (INR (S (S n)))).
  assert (1 <= a) as a_large by apply root_at_least_one. assert (0 < b) as b_positive by apply root_positive.
  assert (b * b = a * a + 1) as next by (unfold a, b; rewrite !root_squared, (S_INR (S n)); ring).
  assert (a <= b) as order by (apply sqrt_le_1_alt; rewrite (S_INR (S n)); lra).
  rewrite <- (root_squared (S n)). fold b.
  assert (b - a = / (a + b)) as step.
  { apply Rmult_eq_reg_r with (a + b); [| lra]. rewrite Rinv_l by lra. replace ((b - a) * (a + b)) with (b * b - a * a) by ring. lra. }
  rewrite step. apply Rmult_le_reg_r with (2 * b * b * (a + b)); [repeat apply Rmult_lt_0_compat; lra |].
  replace (/ (a + b) * (2 * b * b * (a + b))) with (2 * b * b) by (field; lra).
  replace ((/ b - / (b * b) / 2) * (2 * b * b * (a + b))) with (2 * b * (a + b) - (a + b)) by (field; lra).
  assert (1 * b <= a * b) by (apply Rmult_le_compat_r; lra). lra.
Qed.

Lemma weight_at_least_root : forall n, (7 <= n)%nat -> sqrt (INR n) <= roots n - harmonic n / 2.
Proof.
  intros n large. replace n with (7 + (n - 7))%nat by lia. generalize (n - 7)%nat as d. induction d as [| d IH].
  - replace (INR (7 + 0)) with 7 by (simpl; ring). exact weight_at_seven.
  - replace (7 + S d)%nat with (S (7 + d)) by lia.
    change (roots (S (7 + d))) with (roots (7 + d) + / sqrt (INR (S (7 + d)))).
    change (harmonic (S (7 + d))) with (harmonic (7 + d) + / INR (S (7 + d))).
    replace (7 + d)%nat with (S (6 + d)) in * by lia. pose proof (weight_grows (6 + d)). lra.
Qed.

(** For every T: R >= S/2 >= sqrt(T)/2. *)
Lemma weight_at_least_half_root : forall n, (1 <= n)%nat -> sqrt (INR n) / 2 <= roots n - harmonic n / 2.
Proof.
  intros n some. assert (harmonic n <= roots n) as smaller.
  { apply sum_le. intros k _. apply inverse_below. }
  assert (sqrt (INR n) <= roots n) as larger; [| lra].
  assert (0 < sqrt (INR n)) as positive by (apply sqrt_lt_R0, lt_0_INR; lia).
  apply Rle_trans with (sum n (fun _ => / sqrt (INR n))).
  - rewrite sum_const. apply Req_le. rewrite <- (sqrt_sqrt (INR n)) at 2 by apply pos_INR. field. lra.
  - apply sum_le. intros k inside. apply Rinv_le_contravar; [apply root_positive |]. apply sqrt_le_1_alt, le_INR. lia.
Qed.

End Schedule.

Section Stated.
Context {N : Setting} (run : Trace N).
Notation g := (gradients run).
Notation m := (fun t => square (g t)).
Hypothesis coherence : forall k, (k < T)%nat -> mu * square (g k) <= inner (g k) (g (tau k)).
Hypothesis within : delays_within.
Hypothesis mu_positive : 0 < mu.
Hypothesis gap_nonneg : 0 <= Delta.
Hypothesis steps : forall k, (k < T)%nat -> eta k = mu / (INR s * L * sqrt (INR (S k))).

(** The factor-s sum at these steps, with R >= low. *)
Notation whole := (mu * total eta - INR s * L / 2 * total (fun k => eta k ^ 2)).

Lemma at_schedule : forall low value, 0 < low -> low <= roots T - harmonic T / 2 ->
  (INR s * L * Delta / mu ^ 2 + sigma ^ 2 * (harmonic T / 2) / INR s) / low <= value ->
  (exists t, (t < T)%nat /\ m t <= value) /\ weighed_before_last sum_weight whole value m.
Proof.
  intros low value positive below above. pose proof (smoothness_positive run) as L_positive.
  pose proof (lt_0_INR s some_staleness) as s_positive.
  assert (forall k, (1 <= k < T)%nat -> 1 < INR s -> eta k <= previous eta k) as falling.
  { intros k [first inside] _. destruct k as [| k]; [lia |]. simpl. rewrite !steps by lia.
    apply Rmult_le_compat_l; [lra |]. pose proof (root_positive k).
    apply Rinv_le_contravar; [repeat apply Rmult_lt_0_compat; lra |].
    apply Rmult_le_compat_l; [apply Rmult_le_pos; lra |]. apply sqrt_le_1_alt. rewrite (S_INR (S k)). lra. }
  assert (forall k, (k < T)%nat -> sum_weight k = mu ^ 2 / (INR s * L) * (/ sqrt (INR (S k)) - / INR (S k) / 2)) as weights.
  { intros k inside. unfold sum_weight. rewrite (steps k inside), inverse_squared. pose proof (root_positive k).
    field. lra. }
  assert (total sum_weight = mu ^ 2 / (INR s * L) * (roots T - harmonic T / 2)) as weight_sum.
  { unfold total, roots, harmonic. rewrite (sum_ext T _ _ weights), sum_scale, sum_minus. f_equal. f_equal.
    rewrite (sum_ext T _ (fun k => / 2 * / INR (S k))) by (intros; field; apply Rgt_not_eq, next_positive).
    rewrite sum_scale. field. }
  assert (0 < mu ^ 2 / (INR s * L)) as factor.
  { apply Rdiv_lt_0_compat; [apply pow_lt, mu_positive | apply Rmult_lt_0_compat; lra]. }
  assert (total (fun k => eta k ^ 2) = mu ^ 2 / (INR s * L) ^ 2 * harmonic T) as squares.
  { unfold total, harmonic. rewrite <- sum_scale. apply sum_ext. intros k inside.
    rewrite (steps k inside), inverse_squared. pose proof (root_positive k). field. lra. }
  apply (dai2019_sum_below run coherence within falling).
  - intros t inside. rewrite (weights t inside). apply Rmult_le_pos; [lra |].
    pose proof (inverse_below t). pose proof (Rinv_0_lt_compat _ (next_positive t)). lra.
  - rewrite <- total_sum_weight, weight_sum. apply Rmult_lt_0_compat; lra.
  - rewrite <- total_sum_weight, weight_sum. unfold numerator. rewrite squares.
    set (best := (INR s * L * Delta / mu ^ 2 + sigma ^ 2 * (harmonic T / 2) / INR s) / (roots T - harmonic T / 2)).
    assert (best <= value) as better.
    { apply Rle_trans with (2 := above). apply Rmult_le_compat_l; [| apply Rinv_le_contravar; lra].
      assert (0 <= harmonic T) by (apply sum_nonneg; intros; apply Rlt_le, Rinv_0_lt_compat, next_positive).
      pose proof (pow2_ge_0 sigma). pose proof (pow_lt mu 2 mu_positive).
      apply Rplus_le_le_0_compat; (apply Rmult_le_pos; [| apply Rlt_le, Rinv_0_lt_compat; lra]).
      * apply Rmult_le_pos; [apply Rmult_le_pos |]; lra.
      * apply Rmult_le_pos; lra. }
    apply Rle_trans with (mu ^ 2 / (INR s * L) * (roots T - harmonic T / 2) * best).
    + apply Req_le. unfold best. field. lra.
    + apply Rmult_le_compat_l; [apply Rmult_le_pos; lra | exact better].
Qed.

Lemma log_nonneg : 0 <= ln (INR T).
Proof.
  rewrite <- ln_1. pose proof (le_INR 1 T some_step) as large. simpl in large.
  destruct (Rle_lt_or_eq_dec 1 (INR T) large) as [more | same]; [apply Rlt_le, ln_increasing; lra | rewrite <- same; lra].
Qed.

Lemma harmonic_le : harmonic T <= 1 + ln (INR T).
Proof. pose proof some_step. destruct T as [| n]; [lia |]. apply harmonic_below_log. Qed.

Lemma larger_noise : forall a b c, a <= b -> (INR s * L * Delta / mu ^ 2 + sigma ^ 2 * a / INR s) / sqrt (INR T) * c
  <= (INR s * L * Delta / mu ^ 2 + sigma ^ 2 * b / INR s) / sqrt (INR T) * c \/ c < 0.
Proof.
  intros a b c less. destruct (Rle_lt_dec 0 c) as [sign | negative]; [left | right; exact negative].
  pose proof (lt_0_INR s some_staleness). pose proof (pow2_ge_0 sigma).
  assert (0 < sqrt (INR T)) by (apply sqrt_lt_R0, lt_0_INR, some_step).
  apply Rmult_le_compat_r; [exact sign |]. apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat; lra |].
  apply Rplus_le_compat_l. apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat; lra |].
  apply Rmult_le_compat_l; lra.
Qed.

Theorem dai2019 : (7 <= T)%nat ->
  let value := (INR s * L * Delta / mu ^ 2 + sigma ^ 2 * ln (INR T) / INR s) / sqrt (INR T) in
  (exists t, (t < T)%nat /\ m t <= value) /\ weighed_before_last sum_weight whole value m.
Proof.
  intros many value. assert (0 < sqrt (INR T)) as positive by (apply sqrt_lt_R0, lt_0_INR, some_step).
  apply (at_schedule (sqrt (INR T)) value positive (weight_at_least_root T many)).
  pose proof harmonic_le. pose proof (log_at_least_one T ltac:(lia)).
  assert (harmonic T / 2 <= ln (INR T)) as less by lra.
  unfold value. destruct (larger_noise _ _ 1 less); lra.
Qed.

Theorem dai2019_strict :
  let value := (2 * INR s * L * Delta / mu ^ 2 + sigma ^ 2 * (1 + ln (INR T)) / INR s) / sqrt (INR T) in
  (exists t, (t < T)%nat /\ m t <= value) /\ weighed_before_last sum_weight whole value m.
Proof.
  intros value. assert (0 < sqrt (INR T)) as positive by (apply sqrt_lt_R0, lt_0_INR, some_step).
  assert (0 < sqrt (INR T) / 2) as half_positive by lra.
  apply (at_schedule (sqrt (INR T) / 2) value half_positive (weight_at_least_half_root T some_step)).
  pose proof harmonic_le. pose proof (lt_0_INR s some_staleness). pose proof (pow_lt mu 2 mu_positive).
  assert (harmonic T / 2 <= (1 + ln (INR T)) / 2) as half by lra.
  destruct (larger_noise _ _ 2 half) as [less |]; [| lra].
  apply Rle_trans with ((INR s * L * Delta / mu ^ 2 + sigma ^ 2 * (harmonic T / 2) / INR s) / sqrt (INR T) * 2).
  - apply Req_le. field. lra.
  - apply Rle_trans with (1 := less). apply Req_le. unfold value. field. lra.
Qed.

End Stated.
