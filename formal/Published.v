(** More published bounds on weighted means, each a way to c_k <= 1: theory/bounds/zhang2016.py, stich2020.py,
    koloskova2022.py, koloskova2022_adaptive.py, mishchenko2022.py, wu2022.py, maranjyan2025.py, bottou2018.py. *)

From Coq Require Import Reals Lra Lia Arith.
From Gradlag Require Import Sums Space Setting Run Steps Means.
Open Scope R_scope.

Section AnyOrder.
Context {N : Setting} (run : Trace N).
Notation m := (fun t => square (gradients run t)).
Hypothesis some : 0 < total eta.

Definition in_flight (k : nat) : R := readers (fun _ => 1) k.

Lemma L_sign : 0 < L.
Proof. exact (smoothness_positive run). Qed.

Lemma in_flight_nonneg : forall k, 0 <= in_flight k.
Proof. intros. apply readers_nonneg. intros. lra. Qed.

(** The readers of a step, each counted with at most `most`. *)
Lemma readers_at_most : forall a most k, (forall i, (i < T)%nat -> a i <= most) -> readers a k <= most * in_flight k.
Proof.
  intros a most k below. unfold in_flight. rewrite <- readers_scale. apply readers_le. intros i inside.
  pose proof (below i inside). lra.
Qed.

Lemma delay_nonneg : forall k, 0 <= delay k.
Proof. intros. apply pos_INR. Qed.

(** c_k with 2 L eta_i d_i <= most for all i: at most L eta_k (1 + most n_k). *)
Lemma c_at_most : forall most k, (k < T)%nat -> (forall i, (i < T)%nat -> 2 * L * eta i * delay i <= most) ->
  c k <= L * eta k * (1 + most * in_flight k).
Proof.
  intros most k inside below. pose proof L_sign as positive. unfold c.
  assert (readers (fun i => eta i * delay i) k <= most / (2 * L) * in_flight k) as few.
  { apply readers_at_most. intros i inside_i. apply Rmult_le_reg_l with (2 * L); [lra |].
    pose proof (below i inside_i). replace (2 * L * (most / (2 * L))) with most by (field; lra). lra. }
  apply (Rmult_le_compat_l (2 * L ^ 2 * eta k)) in few.
  - replace (2 * L ^ 2 * eta k * (most / (2 * L) * in_flight k)) with (L * eta k * (most * in_flight k)) in few
      by (field; lra). lra.
  - apply Rmult_le_pos; [| apply steps_nonneg, inside]. pose proof (pow2_ge_0 L). lra.
Qed.

(** The noise where the readers' steps are at most 1/(2 L) in sum. *)
Lemma noise_at_most : (forall k, (k < T)%nat -> 2 * L * readers eta k <= 1) ->
  noise <= 2 * L * sigma ^ 2 * total (fun k => eta k ^ 2).
Proof.
  intros small. pose proof L_sign as positive. pose proof (pow2_ge_0 sigma) as sigma_sign.
  assert (2 * L * total (fun k => eta k * window (fun j => eta j ^ 2) k) <= total (fun k => eta k ^ 2)) as less.
  { rewrite exchange. unfold total. rewrite <- sum_scale. apply sum_le. intros k inside.
    pose proof (small k inside) as below. apply (Rmult_le_compat_l (eta k ^ 2)) in below; [| apply pow2_ge_0].
    change (fun i => eta i) with eta. lra. }
  apply (Rmult_le_compat_l (L * sigma ^ 2)) in less; [| apply Rmult_le_pos; lra]. unfold noise. lra.
Qed.

Lemma mean_with_noise_at_most : (forall k, (k < T)%nat -> c k <= 1) -> (forall k, (k < T)%nat -> 2 * L * readers eta k <= 1) ->
  total (fun t => eta t * m t) / total eta <= (2 * Delta + 2 * L * sigma ^ 2 * total (fun k => eta k ^ 2)) / total eta.
Proof.
  intros small few. apply Rle_trans with (1 := mean_of_steps run small some).
  apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat, some |]. pose proof (noise_at_most few). lra.
Qed.

Theorem maranjyan2025 : delays_within -> (forall k, (k < T)%nat -> eta k <= 1 / (2 * INR s * L)) ->
  total (fun t => eta t * m t) / total eta <= (2 * Delta + 2 * L * sigma ^ 2 * total (fun k => eta k ^ 2)) / total eta.
Proof.
  intros within small. pose proof L_sign as positive. pose proof (le_INR 1 s some_staleness) as large. simpl in large.
  assert (forall k, (k < T)%nat -> 2 * L * eta k * INR s <= 1) as each.
  { intros k inside. pose proof (small k inside) as less. apply (Rmult_le_compat_l (2 * L * INR s)) in less;
      [| apply Rmult_le_pos; lra]. replace (2 * L * INR s * (1 / (2 * INR s * L))) with 1 in less by (field; lra). lra. }
  assert (forall k, (k < T)%nat -> 0 <= 2 * L * eta k) as sign
    by (intros k inside; pose proof (steps_nonneg k inside); apply Rmult_le_pos; lra).
  apply mean_with_noise_at_most.
  - intros k inside. apply Rle_trans with (1 := c_at_most 1 k inside ltac:(
      intros i inside_i; apply Rle_trans with (2 := each i inside_i); apply Rmult_le_compat_l;
      [apply sign, inside_i | pose proof (within i inside_i); lra])).
    pose proof (readers_count within k) as few. fold (in_flight k) in few. pose proof (each k inside).
    apply Rle_trans with (L * eta k * INR s); [| lra].
    apply Rmult_le_compat_l; [pose proof (sign k inside) |]; lra.
  - intros k inside. pose proof (readers_count within k) as few. fold (in_flight k) in few.
    pose proof (in_flight_nonneg k) as flight.
    assert (readers eta k <= / (2 * L * INR s) * in_flight k) as below.
    { apply readers_at_most. intros i inside_i. apply Rle_trans with (1 := small i inside_i). apply Req_le. field. lra. }
    apply (Rmult_le_compat_l (2 * L)) in below; [| lra].
    replace (2 * L * (/ (2 * L * INR s) * in_flight k)) with (in_flight k * / INR s) in below by (field; lra).
    apply Rle_trans with (1 := below). apply Rmult_le_reg_r with (INR s); [lra |].
    replace (in_flight k * / INR s * INR s) with (in_flight k) by (field; lra). lra.
Qed.

Theorem koloskova2022_adaptive :
  (forall k, (k < T)%nat -> 2 * L * eta k * Rmax (Rmax 1 (delay k)) (in_flight k) <= 1) ->
  total (fun t => eta t * m t) / total eta <= (2 * Delta + noise) / total eta.
Proof.
  intros small. pose proof L_sign as positive.
  assert (forall k a, (k < T)%nat -> a <= Rmax (Rmax 1 (delay k)) (in_flight k) -> 2 * L * eta k * a <= 1) as each.
  { intros k a inside below. apply Rle_trans with (2 := small k inside). apply Rmult_le_compat_l; [| exact below].
    pose proof (steps_nonneg k inside). apply Rmult_le_pos; lra. }
  apply mean_of_steps; [| exact some]. intros k inside. apply Rle_trans with (L * eta k * (1 + 1 * in_flight k)).
  - apply c_at_most; [exact inside |]. intros i inside_i. apply each; [exact inside_i |].
    apply Rle_trans with (2 := Rmax_l _ _). apply Rmax_r.
  - pose proof (each k (in_flight k) inside (Rmax_r _ _)).
    pose proof (each k 1 inside (Rle_trans _ _ _ (Rmax_l _ _) (Rmax_l _ _))). lra.
Qed.

Theorem mishchenko2022 : (forall k, (k < T)%nat -> 2 * L * eta k * Rmax (1 + peak in_flight) (delay k) <= 1) ->
  total (fun t => eta t * m t) / total eta <= (2 * Delta + 2 * L * sigma ^ 2 * total (fun k => eta k ^ 2)) / total eta.
Proof.
  intros small. pose proof L_sign as positive. set (w := 1 + peak in_flight) in *.
  assert (forall k, (k < T)%nat -> 1 + in_flight k <= w) as flight
    by (intros k inside; pose proof (largest_above T in_flight k inside); unfold w, peak; lra).
  assert (1 <= w) as w_large
    by (pose proof (flight 0%nat some_step); pose proof (in_flight_nonneg 0); lra).
  assert (forall k a, (k < T)%nat -> a <= Rmax w (delay k) -> 2 * L * eta k * a <= 1) as each.
  { intros k a inside below. apply Rle_trans with (2 := small k inside). apply Rmult_le_compat_l; [| exact below].
    pose proof (steps_nonneg k inside). apply Rmult_le_pos; lra. }
  apply mean_with_noise_at_most.
  - intros k inside. apply Rle_trans with (L * eta k * (1 + 1 * in_flight k)).
    + apply c_at_most; [exact inside |]. intros i inside_i. apply each; [exact inside_i | apply Rmax_r].
    + pose proof (each k (1 + in_flight k) inside (Rle_trans _ _ _ (flight k inside) (Rmax_l _ _))).
      pose proof (in_flight_nonneg k). pose proof (steps_nonneg k inside).
      assert (0 <= L * eta k * (1 + 1 * in_flight k)) by (repeat apply Rmult_le_pos; lra). lra.
  - intros k inside. assert (readers eta k <= / (2 * L * w) * in_flight k) as below.
    { apply readers_at_most. intros i inside_i. pose proof (each i w inside_i (Rmax_l _ _)) as less.
      apply Rmult_le_reg_l with (2 * L * w); [apply Rmult_lt_0_compat; lra |].
      rewrite Rinv_r by (apply Rgt_not_eq, Rmult_lt_0_compat; lra). lra. }
    apply (Rmult_le_compat_l (2 * L)) in below; [| lra].
    replace (2 * L * (/ (2 * L * w) * in_flight k)) with (in_flight k * / w) in below by (field; lra).
    apply Rle_trans with (1 := below). apply Rmult_le_reg_r with w; [lra |].
    replace (in_flight k * / w * w) with (in_flight k) by (field; lra). pose proof (flight k inside). lra.
Qed.

Theorem zhang2016 : delays_within -> (forall k, (k < T)%nat -> 2 * L * sqrt (INR s) * (1 + delay k) * eta k <= 1) ->
  total (fun t => eta t * m t) / total eta <= (2 * Delta + noise) / total eta.
Proof.
  intros within small. pose proof L_sign as positive. pose proof (le_INR 1 s some_staleness) as large. simpl in large.
  set (q := sqrt (INR s)) in *. assert (q * q = INR s) as squared by (apply sqrt_sqrt; lra).
  assert (1 <= q) as root by (unfold q; rewrite <- sqrt_1; apply sqrt_le_1_alt; exact large).
  assert (forall k, (k < T)%nat -> 0 <= 2 * L * eta k) as sign
    by (intros k inside; pose proof (steps_nonneg k inside); apply Rmult_le_pos; lra).
  assert (forall k, (k < T)%nat -> 2 * L * eta k * delay k <= / q) as each.
  { intros k inside. pose proof (small k inside) as less. apply Rmult_le_reg_l with q; [lra |]. rewrite Rinv_r by lra.
    assert (0 <= q * (2 * L * eta k)) by (apply Rmult_le_pos; [lra | apply sign, inside]). lra. }
  assert (forall k, (k < T)%nat -> 2 * L * eta k <= / q) as each'.
  { intros k inside. pose proof (small k inside) as less. apply Rmult_le_reg_l with q; [lra |]. rewrite Rinv_r by lra.
    assert (0 <= q * (2 * L * eta k) * delay k)
      by (apply Rmult_le_pos; [apply Rmult_le_pos; [lra | apply sign, inside] | apply delay_nonneg]). lra. }
  apply mean_of_steps; [| exact some]. intros k inside.
  apply Rle_trans with (1 := c_at_most (/ q) k inside each).
  pose proof (readers_count within k) as few. fold (in_flight k) in few. pose proof (in_flight_nonneg k) as flight.
  assert (0 < / q) as inverse by (apply Rinv_0_lt_compat; lra).
  assert (/ q <= 1) as inverse_small by (rewrite <- Rinv_1; apply Rinv_le_contravar; lra).
  assert (/ q * in_flight k <= / q * (INR s - 1)) as less by (apply Rmult_le_compat_l; lra).
  assert (/ q * (/ q * (INR s - 1)) = 1 - / q * / q) as product by (rewrite <- squared; field; lra).
  assert (2 * L * eta k * (1 + / q * in_flight k) <= / q * (1 + / q * (INR s - 1))) as both.
  { apply Rmult_le_compat; [apply sign, inside | | apply each', inside | lra].
    assert (0 <= / q * in_flight k) by (apply Rmult_le_pos; lra). lra. }
  assert (0 <= / q * / q) by (apply Rmult_le_pos; lra). lra.
Qed.

Theorem koloskova2022 : delays_within -> (forall k, (1 <= k < T)%nat -> eta k = previous eta k) ->
  (forall k, (k < T)%nat -> eta k <= 1 / (2 * L)) ->
  (forall k, (k < T)%nat -> 4 * L ^ 2 * (INR s - 1) * eta k ^ 2 * in_flight k <= 1) ->
  total (fun t => eta t * m t) / total eta <= (2 * Delta + 2 * L * sigma ^ 2 * total (fun k => eta k ^ 2)) / total eta.
Proof.
  intros within constant cap root. pose proof L_sign as positive.
  assert (forall k, (k < T)%nat -> eta k = eta 0) as same.
  { induction k as [| k IH]; intros inside; [reflexivity |]. rewrite (constant (S k)) by lia. apply IH. lia. }
  pose proof (steps_nonneg 0 some_step) as step_sign.
  assert (2 * L * eta 0 <= 1) as small.
  { pose proof (cap 0%nat some_step) as less. apply (Rmult_le_compat_l (2 * L)) in less; [| lra].
    replace (2 * L * (1 / (2 * L))) with 1 in less by (field; lra). exact less. }
  assert (forall k, (k < T)%nat -> 4 * L ^ 2 * (INR s - 1) * eta 0 ^ 2 * in_flight k <= 1) as few.
  { intros k inside. rewrite <- (same k inside). apply root, inside. }
  apply mean_with_noise_at_most.
  - intros k inside. pose proof (few k inside) as bound. rewrite <- (same k inside) in bound.
    apply Rle_trans with (L * eta k * (1 + 2 * L * eta 0 * (INR s - 1) * in_flight k)).
    + apply c_at_most; [exact inside |]. intros i inside_i. rewrite (same i inside_i).
      apply Rmult_le_compat_l; [apply Rmult_le_pos; lra | apply within, inside_i].
    + rewrite (same k inside) in *. lra.
  - intros k inside. pose proof (readers_count within k) as count. fold (in_flight k) in count.
    pose proof (in_flight_nonneg k) as flight. pose proof (few k inside) as bound.
    assert (readers eta k <= eta 0 * in_flight k) as below
      by (apply readers_at_most; intros i inside_i; rewrite (same i inside_i); lra).
    apply (Rmult_le_compat_l (2 * L)) in below; [| lra]. apply Rle_trans with (1 := below).
    set (b := 2 * L * (eta 0 * in_flight k)). assert (0 <= b) by (repeat apply Rmult_le_pos; lra).
    assert (b * b <= 1) as square_small.
    { apply Rle_trans with (2 := bound). unfold b.
      replace (2 * L * (eta 0 * in_flight k) * (2 * L * (eta 0 * in_flight k)))
        with (4 * L ^ 2 * eta 0 ^ 2 * in_flight k * in_flight k) by ring.
      replace (4 * L ^ 2 * (INR s - 1) * eta 0 ^ 2 * in_flight k)
        with (4 * L ^ 2 * eta 0 ^ 2 * in_flight k * (INR s - 1)) by ring.
      apply Rmult_le_compat_l; [| exact count]. pose proof (pow2_ge_0 L). pose proof (pow2_ge_0 (eta 0)).
      repeat apply Rmult_le_pos; lra. }
    destruct (Rle_lt_dec b 1) as [| more]; [assumption | exfalso].
    assert (1 * 1 < b * b) by (apply Rmult_gt_0_lt_compat; lra). lra.
Qed.

End AnyOrder.

(** Where way and drift are orthogonal: reads in order, or no noise. *)
Section Parted.
Context {N : Setting} (run : Trace N).
Notation m := (fun t => square (gradients run t)).
Hypothesis allowed : factors run (fun _ => 1) (fun _ => 1).
Hypothesis some : 0 < total eta.

Definition c_in_order (k : nat) : R := L * eta k + L ^ 2 * readers (fun i => eta i * H i) k.

Theorem shared_in_order : total (fun k => eta k * m k) + total (fun k => eta k * (1 - c_in_order k) * m (tau k))
  <= 2 * Delta + L * sigma ^ 2 * total (fun k => eta k ^ 2 * (1 + L * readers eta k)).
Proof.
  pose proof (smoothness_positive run) as positive.
  assert (forall k, (k < T)%nat -> eta k * m k + eta k * (1 - L * eta k) * m (tau k)
    - L ^ 2 * (eta k * H k * P run k) - L ^ 2 * sigma ^ 2 * (eta k * Q k)
    - L * sigma ^ 2 * eta k ^ 2 <= 2 * (heights run k - heights run (S k))) as each.
  { intros k inside. pose proof (one_step run k inside) as falls. pose proof (allowed k inside) as far.
    apply (Rmult_le_compat_l (L ^ 2 * eta k)) in far;
      [| apply Rmult_le_pos; [apply pow2_ge_0 | apply steps_nonneg, inside]].
    cbv beta in *. lra. }
  pose proof (sum_le T _ _ each) as summed. rewrite sum_scale, sum_telescopes in summed. cbv beta in summed.
  rewrite !(sum_minus T), (sum_plus T), !(sum_scale T) in summed.
  pose proof (exchange (fun k => eta k * H k) (fun j => eta j * square (gradients run (tau j)))) as ways.
  pose proof (exchange eta (fun j => eta j * eta j)) as drifts.
  unfold total at 1 in ways. unfold total at 1 in drifts.
  change (fun k => eta k * H k * window (fun j => eta j * square (gradients run (tau j))) k)
    with (fun k => eta k * H k * P run k) in ways.
  change (fun k => eta k * window (fun j => eta j * eta j) k) with (fun k => eta k * Q k) in drifts.
  rewrite ways, drifts in summed.
  assert (total (fun k => eta k * (1 - c_in_order k) * m (tau k)) = sum T (fun k => eta k * (1 - L * eta k) * m (tau k))
    - L ^ 2 * total (fun j => eta j * square (gradients run (tau j)) * readers (fun i => eta i * H i) j)) as reads.
  { unfold total. rewrite <- sum_scale, <- sum_minus. apply sum_ext. intros k inside. unfold c_in_order. ring. }
  assert (total (fun k => eta k ^ 2 * (1 + L * readers eta k)) = sum T (fun k => eta k ^ 2)
    + L * total (fun j => eta j * eta j * readers eta j)) as noises.
  { unfold total. rewrite <- sum_scale, <- sum_plus. apply sum_ext. intros k inside. ring. }
  pose proof (falls_to_below run T) as end_of_run.
  assert (0 <= square (gradients run T) / (2 * L)) as last_sign.
  { apply Rmult_le_pos; [apply square_nonneg | apply Rlt_le, Rinv_0_lt_compat; lra]. }
  rewrite noises. unfold total in *. cbv beta in *. lra.
Qed.

Theorem mean_in_order : (forall k, (k < T)%nat -> c_in_order k <= 1) ->
  total (fun t => eta t * m t) / total eta
  <= (2 * Delta + L * sigma ^ 2 * total (fun k => eta k ^ 2 * (1 + L * readers eta k))) / total eta.
Proof.
  intros small. apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat, some |].
  apply Rle_trans with (2 := shared_in_order).
  assert (0 <= total (fun k => eta k * (1 - c_in_order k) * m (tau k))) as dropped; [| lra].
  apply sum_nonneg. intros k inside. pose proof (small k inside).
  apply Rmult_le_pos; [apply Rmult_le_pos; [apply steps_nonneg, inside | lra] | apply square_nonneg].
Qed.

Theorem stich2020 : delays_within -> (forall k, (k < T)%nat -> eta k <= 1 / (10 * INR s * L)) ->
  total (fun t => eta t * m t) / total eta
  <= (2 * Delta + 11 / 10 * L * sigma ^ 2 * total (fun k => eta k ^ 2)) / total eta.
Proof.
  intros within small. pose proof (smoothness_positive run) as positive.
  pose proof (le_INR 1 s some_staleness) as large. simpl in large.
  set (most := / (10 * INR s * L)).
  assert (0 < most) as sign by (apply Rinv_0_lt_compat; repeat apply Rmult_lt_0_compat; lra).
  assert (L * most * INR s = / 10) as size by (unfold most; field; lra).
  assert (forall k, (k < T)%nat -> eta k <= most) as each
    by (intros k inside; apply Rle_trans with (1 := small k inside); apply Req_le; unfold most; field; lra).
  assert (0 <= L * most) as factor by (apply Rmult_le_pos; lra).
  assert (forall k, L * readers eta k <= / 10) as readers_small.
  { intros k. pose proof (readers_at_most eta most k each) as below. pose proof (readers_count within k) as count.
    fold (in_flight k) in count. apply (Rmult_le_compat_l L) in below; [| lra]. rewrite <- size.
    apply Rle_trans with (1 := below). rewrite <- Rmult_assoc. apply Rmult_le_compat_l; lra. }
  assert (forall k, (k < T)%nat -> L * H k <= / 10) as window_small.
  { intros k inside. pose proof (window_count within k inside) as count. rewrite <- size, Rmult_assoc.
    apply Rmult_le_compat_l; [lra |]. apply Rle_trans with (window (fun _ => most * 1) k).
    - apply window_le. intros j inside_j. pose proof (each j inside_j). lra.
    - rewrite window_scale. apply Rmult_le_compat_l; lra. }
  apply Rle_trans with ((2 * Delta + L * sigma ^ 2 * total (fun k => eta k ^ 2 * (1 + L * readers eta k))) / total eta).
  - apply mean_in_order. intros k inside. unfold c_in_order.
    assert (L ^ 2 * readers (fun i => eta i * H i) k <= / 10 * / 10) as second.
    { apply Rle_trans with (L * readers (fun i => / 10 * eta i) k).
      - replace (L ^ 2 * readers (fun i => eta i * H i) k) with (L * readers (fun i => L * (eta i * H i)) k)
          by (rewrite readers_scale; ring).
        apply Rmult_le_compat_l; [lra |]. apply readers_le. intros i inside_i.
        pose proof (window_small i inside_i) as below. apply (Rmult_le_compat_l (eta i)) in below; [lra |].
        apply steps_nonneg, inside_i.
      - rewrite readers_scale. pose proof (readers_small k). lra. }
    pose proof (each k inside) as first. apply (Rmult_le_compat_l L) in first; [| lra].
    assert (L * most * 1 <= L * most * INR s) by (apply Rmult_le_compat_l; lra). lra.
  - apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat, some |]. apply Rplus_le_compat_l.
    replace (11 / 10 * L * sigma ^ 2 * total (fun k => eta k ^ 2)) with (L * sigma ^ 2 * (11 / 10 * total (fun k => eta k ^ 2)))
      by ring.
    apply Rmult_le_compat_l; [apply Rmult_le_pos; [lra | apply pow2_ge_0] |].
    unfold total. rewrite <- sum_scale. apply sum_le. intros k inside.
    rewrite (Rmult_comm (11 / 10)). apply Rmult_le_compat_l; [apply pow2_ge_0 |]. pose proof (readers_small k). lra.
Qed.

(** The last of the numbers below n that pass a test. *)
Lemma last_one : forall n test, (exists i, (i < n)%nat /\ test i = true /\ forall j, (j < n)%nat -> test j = true -> (j <= i)%nat)
  \/ (forall j, (j < n)%nat -> test j = false).
Proof.
  induction n as [| n IH]; intros test; [right; intros; lia |]. destruct (test n) eqn:here.
  - left. exists n. split; [lia |]. split; [exact here | intros; lia].
  - destruct (IH test) as [[i [inside [passes latest]]] | none].
    + left. exists i. split; [lia |]. split; [exact passes |]. intros j less. intros also.
      destruct (Nat.eq_dec j n); [subst; congruence | apply latest; [lia | exact also]].
    + right. intros j less. destruct (Nat.eq_dec j n); [subst; exact here | apply none; lia].
Qed.

(** Step 3 of wu2022: the readers of step k and k itself lie in the window of the last of them, and itself. *)
Lemma readers_in_last_window : forall k most, (k < T)%nat -> (forall i, (i < T)%nat -> H i + eta i <= most) ->
  eta k + readers eta k <= most.
Proof.
  intros k most inside below.
  destruct (last_one T (fun i => in_window i k)) as [[i [inside_i [member latest]]] | none].
  - apply Rle_trans with (2 := below i inside_i). apply between_true in member.
    assert (eta k = sum T (fun j => ind (j =? k)%nat * eta j)) as itself by (rewrite sum_pick by exact inside; reflexivity).
    assert (eta i = sum T (fun j => ind (j =? i)%nat * eta j)) as last by (rewrite sum_pick by exact inside_i; reflexivity).
    rewrite itself, last at 1. unfold readers, H, window. rewrite <- !sum_plus. apply sum_le. intros j inside_j.
    rewrite <- !Rmult_plus_distr_r. apply Rmult_le_compat_r; [apply steps_nonneg, inside_j |].
    destruct (in_window j k) eqn:also.
    + pose proof (latest j inside_j also) as before. apply between_true in also.
      destruct (Nat.eqb_spec j k); [lia |]. destruct (Nat.eq_dec j i) as [same | other].
      * subst j. rewrite Nat.eqb_refl. pose proof (ind_nonneg (in_window i i)). simpl. lra.
      * replace (in_window i j) with true by (symmetry; apply between_true; lia).
        pose proof (ind_nonneg (j =? i)%nat). simpl. lra.
    + destruct (Nat.eqb_spec j k) as [same | other].
      * subst j. replace (in_window i k) with true by (symmetry; apply between_true; exact member).
        pose proof (ind_nonneg (k =? i)%nat). simpl. lra.
      * pose proof (ind_nonneg (in_window i j)). pose proof (ind_nonneg (j =? i)%nat). simpl. lra.
  - apply Rle_trans with (2 := below k inside). rewrite Rplus_comm. apply Rplus_le_compat_r.
    apply Rle_trans with 0; [| apply H_nonneg]. apply Req_le, sum_zero. intros i inside_i.
    rewrite (none i inside_i). simpl. ring.
Qed.

Theorem wu2022 : sigma = 0 -> (forall k, (k < T)%nat -> H k + eta k <= 1 / L) ->
  total (fun t => eta t * m t) / total eta <= 2 * Delta / total eta.
Proof.
  intros still rule. pose proof (smoothness_positive run) as positive.
  apply Rle_trans with ((2 * Delta + L * sigma ^ 2 * total (fun k => eta k ^ 2 * (1 + L * readers eta k))) / total eta).
  - apply mean_in_order. intros k inside. unfold c_in_order.
    pose proof (readers_in_last_window k (1 / L) inside rule) as few.
    apply Rle_trans with (L * eta k + L * readers eta k).
    + apply Rplus_le_compat_l.
      replace (L ^ 2 * readers (fun i => eta i * H i) k) with (L * readers (fun i => L * (eta i * H i)) k)
        by (rewrite readers_scale; ring).
      apply Rmult_le_compat_l; [lra |]. apply readers_le. intros i inside_i.
      pose proof (rule i inside_i) as below. pose proof (steps_nonneg i inside_i) as sign.
      assert (L * H i <= 1) as small.
      { apply Rle_trans with (L * (1 / L)); [apply Rmult_le_compat_l; lra | apply Req_le; field; lra]. }
      apply (Rmult_le_compat_l (eta i)) in small; lra.
    + apply Rle_trans with (L * (1 / L)); [rewrite <- Rmult_plus_distr_l; apply Rmult_le_compat_l; lra |].
      apply Req_le. field. lra.
  - rewrite still. apply Req_le. f_equal. ring.
Qed.

End Parted.

(** Steps 3 and 4 of Theorem A: factors 1 where no gradient overtakes another, or without noise. *)
Lemma factors_of_one : forall (N : Setting) (run : Trace N),
  (sigma = 0 \/ forall k, (k < T)%nat -> overtaken k = false) -> factors run (fun _ => 1) (fun _ => 1).
Proof.
  intros N run which k inside.
  assert (inner (way run (tau k) k) (drift run (tau k) k) = 0) as orthogonal.
  { destruct which as [still | in_order]; [rewrite inner_comm; apply quiet, still | apply ordered, in_order, inside]. }
  pose proof (parted run k inside orthogonal). lra.
Qed.

(** Delays that grow by at most one keep the reads in order. *)
Lemma in_order : forall (N : Setting), (forall k, (1 <= k < T)%nat -> delay k <= previous delay k + 1) ->
  forall k, (k < T)%nat -> overtaken k = false.
Proof.
  intros N rule k inside.
  assert (forall n, (n < T)%nat -> forall j, (j <= n)%nat -> (tau j <= tau n)%nat) as rising.
  { induction n as [| n IH]; intros inside_n j before; [replace j with 0%nat by lia; lia |].
    destruct (Nat.eq_dec j (S n)); [subst; lia |]. apply Nat.le_trans with (tau n); [apply IH; lia |].
    pose proof (rule (S n) ltac:(lia)) as slow. simpl in slow. unfold delay in slow.
    rewrite <- S_INR in slow. apply INR_le in slow.
    pose proof (reads_past n ltac:(lia)). pose proof (reads_past (S n) inside_n). lia. }
  apply some_none. intros j inside_j. unfold in_window. destruct (between (tau k) k j) eqn:member; [| reflexivity].
  apply between_true in member. simpl. apply Nat.ltb_ge, rising; lia.
Qed.

(** Without delay, steps of at most 1/L. *)
Theorem bottou2018 : forall (N : Setting) (run : Trace N), (forall k, (k < T)%nat -> delay k <= 0) -> 0 < total eta ->
  (forall k, (k < T)%nat -> eta k <= 1 / L) ->
  total (fun t => eta t * square (gradients run t)) / total eta
  <= (2 * Delta + L * sigma ^ 2 * total (fun k => eta k ^ 2)) / total eta.
Proof.
  intros N run prompt some small. pose proof (smoothness_positive run) as positive.
  apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat, some |].
  apply Rle_trans with (2 := undelayed run prompt). apply sum_le. intros t inside.
  apply Rmult_le_compat_r; [apply square_nonneg |]. pose proof (steps_nonneg t inside) as sign.
  pose proof (small t inside) as less. apply (Rmult_le_compat_l (L * eta t)) in less; [| apply Rmult_le_pos; lra].
  replace (L * eta t * (1 / L)) with (eta t) in less by (field; lra). lra.
Qed.
