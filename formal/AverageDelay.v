(** Bounds through the average delay: theory/bounds/average_delay.py. *)

From Coq Require Import Reals Lra Lia Arith.
From Gradlag Require Import Sums Space Setting Run Steps TheoremAR.
Open Scope R_scope.

Section AverageDelay.
Context {N : Setting} (run : Trace N).
Notation m := (fun t => square (gradients run t)).
Hypothesis sigma_nonneg : 0 <= sigma.

Definition noisy_part : R := where_noisy 1 0.
Definition in_flight (k : nat) : R := readers (fun _ => 1) k.
Definition mean_delay : R := total delay / INR T.
Definition largest_step : R := peak eta.

Lemma L_sign : 0 < L.
Proof. exact (smoothness_positive run). Qed.

Lemma steps_sign : 0 < INR T.
Proof. apply lt_0_INR, some_step. Qed.

Lemma noisy_part_nonneg : 0 <= noisy_part.
Proof. unfold noisy_part, where_noisy. destruct (Rlt_dec 0 sigma); lra. Qed.

(** Step 1: the factors 1 + nu and 2. *)
Lemma parted_factors : factors run (fun _ => 1 + noisy_part) (fun _ => 2).
Proof.
  intros k inside. unfold noisy_part, where_noisy. destruct (Rlt_dec 0 sigma) as [noisy | still].
  - pose proof (factors_by_young run 1 ltac:(lra) k inside) as near. lra.
  - assert (sigma = 0) as none by lra.
    pose proof (parted run k inside (eq_trans (inner_comm _ _) (quiet run none _ _ _))) as near. rewrite none in *. lra.
Qed.

(** Step 2: larger c_k of at most 1, and a larger noise. *)
Definition weight' (c' : nat -> R) (t : nat) : R := (eta t + served (fun k => eta k * (1 - c' k)) t) / 2.
Definition whole' (c' : nat -> R) : R := total (fun k => eta k * (1 - c' k / 2)) + 1 / (2 * L).

Lemma whole_weight' : forall c', total (weight' c') + 1 / (2 * L) = whole' c'.
Proof.
  intros c'. unfold whole'. f_equal. unfold weight'.
  replace (total (fun t => (eta t + served (fun k => eta k * (1 - c' k)) t) / 2))
    with (/ 2 * (total eta + total (served (fun k => eta k * (1 - c' k)))))
    by (unfold total; rewrite <- sum_plus, <- sum_scale; apply sum_ext; intros; field).
  rewrite total_served. unfold total. rewrite <- sum_plus, <- sum_scale. apply sum_ext. intros. field.
Qed.

Theorem with_larger : forall c' noise' value,
  (forall k, (k < T)%nat -> c (fun _ => 1 + noisy_part) k <= c' k) -> (forall k, (k < T)%nat -> c' k <= 1) ->
  noise_a (fun _ => 2) <= noise' -> Delta + L * sigma ^ 2 / 2 * noise' <= whole' c' * value ->
  (exists t, (t <= T)%nat /\ m t <= value) /\ weighed_to_last (weight' c') (whole' c') value m.
Proof.
  intros c' noise' value larger small noisier below. pose proof L_sign as positive.
  pose proof (Rdiv_lt_0_compat 1 (2 * L) ltac:(lra) ltac:(lra)) as last_sign.
  assert (forall t, (t < T)%nat -> 0 <= weight' c' t) as sign.
  { intros t inside. unfold weight'. pose proof (steps_nonneg t inside).
    assert (0 <= served (fun k => eta k * (1 - c' k)) t); [| lra]. apply served_nonneg. intros k inside_k.
    pose proof (small k inside_k). apply Rmult_le_pos; [apply steps_nonneg, inside_k | lra]. }
  apply by_weights_to_last with (last := 1 / (2 * L)) (above := Delta + L * sigma ^ 2 / 2 * noise').
  - exact sign.
  - lra.
  - apply whole_weight'.
  - rewrite <- whole_weight'. pose proof (sum_nonneg T _ sign). unfold total. lra.
  - apply Rle_trans with (Delta + L * sigma ^ 2 / 2 * noise_a (fun _ => 2)).
    + apply Rle_trans with (2 := weighed_squares_a run _ _ parted_factors). apply Rplus_le_compat_r, sum_le.
      intros t inside. apply Rmult_le_compat_r; [apply square_nonneg |]. unfold weight', weight.
      assert (served (fun k => eta k * (1 - c' k)) t <= served (fun k => eta k * (1 - c (fun _ => 1 + noisy_part) k)) t); [| lra].
      apply served_le. intros k inside_k. pose proof (larger k inside_k).
      apply Rmult_le_compat_l; [apply steps_nonneg, inside_k | lra].
    + apply Rplus_le_compat_l, Rmult_le_compat_l; [| exact noisier].
      pose proof (pow2_ge_0 sigma). apply Rmult_le_pos; [apply Rmult_le_pos |]; lra.
  - exact below.
Qed.

Lemma whole_positive' : forall c', (forall k, (k < T)%nat -> c' k <= 1) -> 0 < whole' c'.
Proof.
  intros c' small. pose proof L_sign as positive. pose proof (Rdiv_lt_0_compat 1 (2 * L) ltac:(lra) ltac:(lra)).
  assert (0 <= total (fun k => eta k * (1 - c' k / 2))); [| unfold whole'; lra].
  apply sum_nonneg. intros k inside. pose proof (small k inside). apply Rmult_le_pos; [apply steps_nonneg, inside | lra].
Qed.

(** At the value that these give. *)
Lemma at_own_value : forall c' noise',
  (forall k, (k < T)%nat -> c (fun _ => 1 + noisy_part) k <= c' k) -> (forall k, (k < T)%nat -> c' k <= 1) ->
  noise_a (fun _ => 2) <= noise' ->
  (exists t, (t <= T)%nat /\ m t <= (Delta + L * sigma ^ 2 / 2 * noise') / whole' c')
  /\ weighed_to_last (weight' c') (whole' c') ((Delta + L * sigma ^ 2 / 2 * noise') / whole' c') m.
Proof.
  intros c' noise' larger small noisier. apply (with_larger c' noise' _ larger small noisier).
  pose proof (whole_positive' c' small). apply Req_le. field. lra.
Qed.

(** The identity: the mean number in flight is the mean delay. *)
Lemma in_flight_in_sum : total in_flight = total delay.
Proof.
  pose proof (exchange (fun _ => 1) (fun _ => 1)) as swapped.
  transitivity (total (fun k => 1 * window (fun _ => 1) k)).
  - rewrite swapped. apply sum_ext. intros. unfold in_flight. ring.
  - apply sum_ext. intros k inside. pose proof (reads_past k inside) as past. rewrite Rmult_1_l. unfold delay.
    rewrite <- (count_inside T (tau k) (k - tau k)) by lia. replace (tau k + (k - tau k))%nat with k by lia.
    apply sum_ext. intros. unfold in_window. ring.
Qed.

Lemma mean_in_sum : total delay = INR T * mean_delay.
Proof. unfold mean_delay. field. apply Rgt_not_eq, steps_sign. Qed.

Lemma largest_above_all : forall k, (k < T)%nat -> eta k <= largest_step.
Proof. intros k inside. apply largest_above, inside. Qed.

Lemma largest_nonneg : 0 <= largest_step.
Proof. apply Rle_trans with (eta 0); [apply steps_nonneg, some_step | apply largest_above_all, some_step]. Qed.

Lemma H_by_delay : forall k, H k <= largest_step * delay k.
Proof.
  intros k. unfold H. apply Rle_trans with (window (fun _ => largest_step * 1) k).
  - apply window_le. intros j inside. pose proof (largest_above_all j inside). lra.
  - rewrite window_scale. apply Rmult_le_compat_l; [exact largest_nonneg |].
    apply Rle_trans with (sum T (fun j => ind (between (tau k) k j))); [| apply count_between].
    apply Req_le, sum_ext. intros. unfold in_window. ring.
Qed.

Lemma readers_by_count : forall k, readers eta k <= largest_step * in_flight k.
Proof.
  intros k. unfold in_flight. rewrite <- readers_scale. apply readers_le. intros i inside.
  pose proof (largest_above_all i inside). lra.
Qed.

(** c_k through the readers' steps times their delays. *)
Lemma c_by_delay : forall k, c (fun _ => 1 + noisy_part) k
  <= L * eta k + (1 + noisy_part) * L ^ 2 * largest_step * readers (fun i => eta i * delay i) k.
Proof.
  intros k. unfold c. apply Rplus_le_compat_l. pose proof noisy_part_nonneg. pose proof largest_nonneg.
  replace ((1 + noisy_part) * L ^ 2 * largest_step * readers (fun i => eta i * delay i) k)
    with (L ^ 2 * readers (fun i => (1 + noisy_part) * largest_step * (eta i * delay i)) k) by (rewrite readers_scale; ring).
  apply Rmult_le_compat_l; [apply pow2_ge_0 |]. apply readers_le. intros i inside.
  pose proof (H_by_delay i) as few. pose proof (steps_nonneg i inside) as sign.
  replace ((1 + noisy_part) * largest_step * (eta i * delay i))
    with (eta i * (largest_step * delay i) * (1 + noisy_part)) by ring.
  apply Rmult_le_compat_r; [lra |]. apply Rmult_le_compat_l; assumption.
Qed.

Lemma readers_by_product : forall most k, (forall i, (i < T)%nat -> eta i * delay i <= most) ->
  readers (fun i => eta i * delay i) k <= most * in_flight k.
Proof.
  intros most k below. unfold in_flight. rewrite <- readers_scale. apply readers_le. intros i inside.
  pose proof (below i inside). lra.
Qed.

Lemma noise_by_count : noise_a (fun _ => 2) <= total (fun k => eta k ^ 2 * (1 + 2 * L * largest_step * in_flight k)).
Proof.
  pose proof L_sign as positive. apply sum_le. intros k inside. apply Rmult_le_compat_l; [apply pow2_ge_0 |].
  apply Rplus_le_compat_l. pose proof (readers_by_count k) as below.
  rewrite (readers_ext _ (fun i => 2 * eta i)) by (intros; ring). rewrite readers_scale.
  apply (Rmult_le_compat_l (L * 2)) in below; lra.
Qed.

Definition c_adaptive (k : nat) : R :=
  L * eta k + (1 + noisy_part) * L ^ 2 * largest_step * peak (fun k => eta k * delay k) * in_flight k.
Definition value_adaptive : R :=
  (Delta + L * sigma ^ 2 / 2 * total (fun k => eta k ^ 2 * (1 + 2 * L * largest_step * in_flight k))) / whole' c_adaptive.

Theorem adaptive : (forall k, (k < T)%nat -> c_adaptive k <= 1) ->
  (exists t, (t <= T)%nat /\ m t <= value_adaptive)
  /\ weighed_to_last (weight' c_adaptive) (whole' c_adaptive) value_adaptive m.
Proof.
  intros small. apply at_own_value.
  - intros k inside. apply Rle_trans with (1 := c_by_delay k). apply Rplus_le_compat_l.
    rewrite (Rmult_assoc _ (peak _)). apply Rmult_le_compat_l.
    + pose proof noisy_part_nonneg. pose proof largest_nonneg. pose proof (pow2_ge_0 L).
      apply Rmult_le_pos; [apply Rmult_le_pos |]; lra.
    + apply readers_by_product. intros i inside_i. apply (largest_above T (fun k => eta k * delay k) i inside_i).
  - exact small.
  - exact noise_by_count.
Qed.

(** Step 5: what is lost where steps are cut from a delay of r on. *)
Theorem drop : forall r, 0 < r ->
  (forall k, (k < T)%nat -> 0 <= (largest_step - eta k) * (delay k - r)) ->
  (forall k, (k < T)%nat ->
    L * eta k + (1 + noisy_part) * L ^ 2 * largest_step * readers (fun i => eta i * delay i) k <= 1) ->
  0 < largest_step * INR T * (1 - mean_delay / r) + 1 / L ->
  exists t, (t <= T)%nat /\ m t <=
    (2 * Delta + L * sigma ^ 2 * largest_step ^ 2 * INR T * (1 + 2 * L * largest_step * mean_delay))
    / (largest_step * INR T * (1 - mean_delay / r) + 1 / L).
Proof.
  intros r r_sign cut small kept_sign. pose proof L_sign as positive. pose proof largest_nonneg as top_sign.
  set (top := largest_step) in *.
  assert (noise_a (fun _ => 2) <= top ^ 2 * INR T * (1 + 2 * L * top * mean_delay)) as noisy.
  { apply Rle_trans with (1 := noise_by_count). fold top.
    apply Rle_trans with (sum T (fun k => top ^ 2 * (1 + 2 * L * top * in_flight k))).
    - apply sum_le. intros k inside. apply Rmult_le_compat_r.
      + assert (0 <= in_flight k) by (apply readers_nonneg; intros; lra).
        assert (0 <= L * top * in_flight k) by (repeat apply Rmult_le_pos; lra). lra.
      + apply pow_incr. split; [apply steps_nonneg, inside | apply largest_above_all, inside].
    - rewrite sum_scale, sum_plus, sum_scale, sum_const. pose proof in_flight_in_sum as same. unfold total at 1 in same.
      rewrite same, mean_in_sum. apply Req_le. ring. }
  destruct (at_own_value (fun k => L * eta k + (1 + noisy_part) * L ^ 2 * top * readers (fun i => eta i * delay i) k) _
    (fun k _ => c_by_delay k) small noisy) as [[t [inside bound]] _]. unfold whole' in bound.
  exists t. split; [exact inside |].
  assert (top * INR T * (1 - mean_delay / r) <= total eta) as kept.
  { assert (r * (INR T * top - total eta) <= top * total delay) as lost.
    { unfold total. rewrite <- sum_const, <- sum_minus, <- !sum_scale. apply sum_le. intros k inside_k.
      pose proof (cut k inside_k) as asked. pose proof (steps_nonneg k inside_k) as sign.
      assert (0 <= eta k * delay k) by (apply Rmult_le_pos; [exact sign | apply pos_INR]). lra. }
    rewrite mean_in_sum in lost. apply Rmult_le_reg_l with r; [exact r_sign |].
    replace (r * (top * INR T * (1 - mean_delay / r))) with (r * (INR T * top) - top * (INR T * mean_delay)) by (field; lra).
    lra. }
  set (c' := fun k => L * eta k + (1 + noisy_part) * L ^ 2 * top * readers (fun i => eta i * delay i) k) in *.
  assert (total eta / 2 <= total (fun k => eta k * (1 - c' k / 2))) as half.
  { unfold total. replace (sum T eta / 2) with (/ 2 * sum T eta) by field. rewrite <- sum_scale. apply sum_le.
    intros k inside_k. rewrite Rmult_comm. apply Rmult_le_compat_l; [apply steps_nonneg, inside_k |].
    pose proof (small k inside_k). unfold c'. lra. }
  set (kept_weight := top * INR T * (1 - mean_delay / r) + 1 / L) in *.
  assert (1 / (2 * L) = / 2 * (1 / L)) as last by (field; lra).
  assert (kept_weight / 2 <= total (fun k => eta k * (1 - c' k / 2)) + 1 / (2 * L)) as below by (unfold kept_weight; lra).
  set (above := Delta + L * sigma ^ 2 / 2 * (top ^ 2 * INR T * (1 + 2 * L * top * mean_delay))) in *.
  assert (0 <= above) as sign.
  { pose proof (square_nonneg (gradients run t)) as low. fold (square (gradients run t)) in low.
    pose proof (Rle_trans _ _ _ low bound) as quotient.
    apply Rmult_le_reg_r with (/ (total (fun k => eta k * (1 - c' k / 2)) + 1 / (2 * L))).
    - apply Rinv_0_lt_compat. lra.
    - rewrite Rmult_0_l. exact quotient. }
  apply Rle_trans with (1 := bound). apply Rle_trans with (above / (kept_weight / 2)).
  - apply Rmult_le_compat_l; [exact sign | apply Rinv_le_contravar; [lra | exact below]].
  - apply Req_le. unfold above. field. lra.
Qed.

(** Step 3: one constant step. *)
Theorem constant : forall step, (forall k, (k < T)%nat -> eta k = step) ->
  let c' := fun k => L * step + (1 + noisy_part) * L ^ 2 * step ^ 2 * peak delay * in_flight k in
  let whole :=
    step * INR T * (1 - (L * step + (1 + noisy_part) * L ^ 2 * step ^ 2 * peak delay * mean_delay) / 2) + 1 / (2 * L) in
  let value := (Delta + L * sigma ^ 2 / 2 * step ^ 2 * INR T * (1 + 2 * L * step * mean_delay)) / whole in
  (forall k, (k < T)%nat -> c' k <= 1) ->
  (exists t, (t <= T)%nat /\ m t <= value) /\ weighed_to_last (weight' c') whole value m.
Proof.
  intros step constant c' whole value small. pose proof L_sign as positive. pose proof steps_sign as some.
  assert (0 <= step) as step_sign by (rewrite <- (constant 0%nat some_step); apply steps_nonneg, some_step).
  set (turn := (1 + noisy_part) * L ^ 2 * step ^ 2 * peak delay) in *.
  assert (forall k, (k < T)%nat -> c (fun _ => 1 + noisy_part) k <= L * step + turn * in_flight k) as larger.
  { intros k inside. unfold c. rewrite (constant k inside). apply Rplus_le_compat_l.
    apply Rle_trans with (L ^ 2 * ((1 + noisy_part) * step ^ 2 * peak delay * in_flight k)); [| unfold turn; lra].
    apply Rmult_le_compat_l; [apply pow2_ge_0 |]. unfold in_flight. rewrite <- readers_scale. apply readers_le.
    intros i inside_i. rewrite (constant i inside_i), Rmult_1_r. pose proof noisy_part_nonneg.
    replace ((1 + noisy_part) * step ^ 2 * peak delay) with (step * (step * peak delay) * (1 + noisy_part)) by ring.
    apply Rmult_le_compat_r; [lra |]. apply Rmult_le_compat_l; [exact step_sign |].
    apply Rle_trans with (window (fun _ => step * 1) i).
    - apply window_le. intros j inside_j. rewrite (constant j inside_j). lra.
    - rewrite window_scale. apply Rmult_le_compat_l; [exact step_sign |].
      apply Rle_trans with (delay i); [| apply (largest_above T delay i inside_i)].
      apply Rle_trans with (sum T (fun j => ind (between (tau i) i j))); [| apply count_between].
      apply Req_le, sum_ext. intros. unfold in_window. ring. }
  assert (noise_a (fun _ => 2) <= step ^ 2 * INR T * (1 + 2 * L * step * mean_delay)) as noisy.
  { apply Rle_trans with (sum T (fun k => step ^ 2 * (1 + 2 * L * step * in_flight k))).
    - apply sum_le. intros k inside. rewrite (constant k inside). apply Rmult_le_compat_l; [apply pow2_ge_0 |].
      apply Rplus_le_compat_l. unfold in_flight. rewrite (readers_ext _ (fun i => 2 * step * 1)).
      + rewrite readers_scale. lra.
      + intros i inside_i. rewrite (constant i inside_i). ring.
    - rewrite sum_scale, sum_plus, sum_scale, sum_const. pose proof in_flight_in_sum as same. unfold total at 1 in same.
      rewrite same, mean_in_sum. apply Req_le. ring. }
  assert (whole' c' = whole) as same_whole.
  { unfold whole', whole, total, c'. fold turn. f_equal.
    rewrite (sum_ext T _ (fun k => step * (1 - L * step / 2) - step * turn / 2 * in_flight k))
      by (intros k inside; rewrite (constant k inside); field).
    rewrite sum_minus, sum_const, sum_scale. pose proof in_flight_in_sum as same. unfold total at 1 in same.
    rewrite same, mean_in_sum. field. }
  pose proof (at_own_value c' _ larger small noisy) as own. rewrite same_whole in own.
  replace ((Delta + L * sigma ^ 2 / 2 * (step ^ 2 * INR T * (1 + 2 * L * step * mean_delay))) / whole) with value in own
    by (unfold value; f_equal; ring).
  exact own.
Qed.

End AverageDelay.
