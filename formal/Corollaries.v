(** One constant step in closed form, for reads in any order: Corollaries 1 and 2 of theory/bounds/corollaries.py.

    The steps are eta = 1/((D + 1) L + q), q = sigma sqrt(L T / (2 Delta)), for a number D of at least s - 1. Then
    min E|g_t|^2 <= sigma sqrt(2 L Delta/T) + 2 (D + 1) L Delta/T. D = s - 1 is Corollary 1, and more, as no order of the
    reads is asked for; D = 2 s - 1 is Corollary 2. *)

From Coq Require Import Reals Lra Lia.
From Gradlag Require Import Sums Space Setting Run Steps TheoremAR.
Open Scope R_scope.

Section ConstantStep.
Context {N : Setting} (run : Trace N) (D : R).

Definition q : R := sigma * sqrt (L * INR T / (2 * Delta)).
Definition step : R := 1 / ((D + 1) * L + q).

Hypothesis gap_positive : 0 < Delta.
Hypothesis sigma_nonneg : 0 <= sigma.
Hypothesis within : delays_within.
Hypothesis wide : INR s - 1 <= D.
Hypothesis constant : forall k, (k < T)%nat -> eta k = step.

Notation m := (fun t => square (gradients run t)).

(** u = (D + 1) L eta in (0, 1], w = 1 - u = q eta, and U = u d = L eta D with d = D/(D + 1). *)
Definition w : R := q * step.
Definition u : R := (D + 1) * L * step.
Definition ud : R := L * step * D.

Lemma steps_positive : 0 < INR T.
Proof. apply (lt_INR 0). pose proof some_step. lia. Qed.

Lemma D_nonneg : 0 <= D.
Proof. pose proof (le_INR 1 s some_staleness) as one. simpl in one. lra. Qed.

Lemma root_squared : q * q * (2 * Delta) = sigma * sigma * (L * INR T).
Proof.
  pose proof (smoothness_positive run). pose proof steps_positive. unfold q.
  replace (sigma * sqrt (L * INR T / (2 * Delta)) * (sigma * sqrt (L * INR T / (2 * Delta))) * (2 * Delta))
    with (sigma * sigma * (2 * Delta) * (sqrt (L * INR T / (2 * Delta)) * sqrt (L * INR T / (2 * Delta)))) by ring.
  rewrite sqrt_sqrt; [field; lra |]. apply Rlt_le, Rdiv_lt_0_compat; [apply Rmult_lt_0_compat |]; lra.
Qed.

Lemma q_nonneg : 0 <= q.
Proof. apply Rmult_le_pos; [exact sigma_nonneg | apply sqrt_pos]. Qed.

Lemma below_positive : 0 < (D + 1) * L + q.
Proof.
  pose proof (smoothness_positive run). pose proof q_nonneg. pose proof D_nonneg.
  assert (0 < (D + 1) * L) by (apply Rmult_lt_0_compat; lra). lra.
Qed.

Lemma step_positive : 0 < step.
Proof. pose proof below_positive. apply Rdiv_lt_0_compat; lra. Qed.

Lemma u_and_w : u + w = 1.
Proof. pose proof below_positive. unfold u, w, step. field. lra. Qed.

Lemma w_nonneg : 0 <= w.
Proof. pose proof q_nonneg. pose proof step_positive. apply Rmult_le_pos; lra. Qed.

Lemma ud_nonneg : 0 <= ud.
Proof.
  pose proof (smoothness_positive run). pose proof step_positive. pose proof D_nonneg.
  apply Rmult_le_pos; [apply Rmult_le_pos |]; lra.
Qed.

Lemma u_parts : L * step = u - ud.
Proof. unfold u, ud. ring. Qed.

(** Step 1 with factors 1 + w and beta: every c_k is at most most_c. *)
Context (beta : R) (allowed : factors run (fun _ => 1 + w) (fun _ => beta)).
Hypothesis beta_nonneg : 0 <= beta.
Hypothesis cost : w * w * beta <= w * w + w.

Definition most_c : R := u - ud + (1 + w) * (ud * ud).

Lemma window_of_step : forall k, (k < T)%nat -> H k <= step * D.
Proof.
  intros k inside. unfold H.
  replace (window eta k) with (step * window (fun _ => 1) k).
  - apply Rmult_le_compat_l; [apply Rlt_le, step_positive |]. pose proof (window_count within k inside). lra.
  - rewrite <- window_scale. apply sum_ext. intros j inside_j. rewrite (constant j inside_j). ring.
Qed.

Lemma c_le : forall k, (k < T)%nat -> c (fun _ => 1 + w) k <= most_c.
Proof.
  intros k inside. pose proof (smoothness_positive run) as positive. pose proof step_positive as step_sign.
  pose proof w_nonneg as w_sign. pose proof D_nonneg as D_sign.
  unfold c, most_c. rewrite (constant k inside), u_parts. apply Rplus_le_compat_l.
  apply Rle_trans with (L ^ 2 * readers (fun i => step * (step * D) * (1 + w) * 1) k).
  - apply Rmult_le_compat_l; [apply pow2_ge_0 |]. apply readers_le. intros i inside_i.
    rewrite (constant i inside_i), Rmult_1_r. apply Rmult_le_compat_r; [lra |].
    apply Rmult_le_compat_l; [lra |]. apply window_of_step, inside_i.
  - rewrite readers_scale. pose proof (readers_count within k) as few.
    apply Rle_trans with (L ^ 2 * (step * (step * D) * (1 + w) * D)).
    + apply Rmult_le_compat_l; [apply pow2_ge_0 |]. apply Rmult_le_compat_l; [| lra].
      apply Rmult_le_pos; [| lra]. apply Rmult_le_pos; [lra |]. apply Rmult_le_pos; lra.
    + apply Req_le. unfold ud. ring.
Qed.

Lemma ud_at_most_u : ud <= u.
Proof.
  pose proof u_parts. pose proof (smoothness_positive run). pose proof step_positive.
  assert (0 <= L * step) by (apply Rmult_le_pos; lra). lra.
Qed.

(** c <= 1: with w = 1 - u and ud <= u <= 1. *)
Lemma most_c_at_most_one : most_c <= 1.
Proof.
  pose proof ud_nonneg. pose proof ud_at_most_u. pose proof u_and_w. pose proof w_nonneg.
  assert (ud * ud <= ud * u) by (apply Rmult_le_compat_l; lra).
  assert ((1 + w) * (ud * ud) <= (1 + w) * (ud * u)) by (apply Rmult_le_compat_l; lra).
  assert ((1 + w) * (ud * u) <= ud).
  { replace ((1 + w) * (ud * u)) with (ud * ((1 + w) * (1 - w))) by (replace (1 - w) with u by lra; ring).
    rewrite <- (Rmult_1_r ud) at 2. apply Rmult_le_compat_l; [lra |].
    replace ((1 + w) * (1 - w)) with (1 - w * w) by ring. pose proof (Rle_0_sqr w) as square. unfold Rsqr in square. lra. }
  unfold most_c. lra.
Qed.

(** Step 2: the noise. *)
Lemma noise_le : L * sigma ^ 2 / 2 * noise_a (fun _ => beta) <= Delta * (w * w + (w * w + w) * ud).
Proof.
  pose proof (smoothness_positive run) as positive. pose proof step_positive as step_sign.
  pose proof ud_nonneg as ud_sign. pose proof D_nonneg as D_sign.
  assert (noise_a (fun _ => beta) <= INR T * (step ^ 2 * (1 + beta * ud))) as most.
  { unfold noise_a, total. rewrite <- sum_const. apply sum_le. intros k inside.
    rewrite (constant k inside). apply Rmult_le_compat_l; [apply pow2_ge_0 |]. apply Rplus_le_compat_l.
    apply Rle_trans with (L * readers (fun _ => step * beta * 1) k).
    - apply Req_le. f_equal. apply readers_ext. intros i inside_i. rewrite (constant i inside_i). ring.
    - rewrite readers_scale. pose proof (readers_count within k) as few.
      replace (beta * ud) with (L * (step * beta * D)) by (unfold ud; ring).
      apply Rmult_le_compat_l; [lra |]. apply Rmult_le_compat_l; [apply Rmult_le_pos; lra | lra]. }
  assert (L * sigma ^ 2 / 2 * (INR T * (step ^ 2 * (1 + beta * ud))) = Delta * (w * w + w * w * beta * ud)) as same.
  { replace (L * sigma ^ 2 / 2 * (INR T * (step ^ 2 * (1 + beta * ud))))
      with (sigma * sigma * (L * INR T) * / 2 * (step * step) * (1 + beta * ud)) by (simpl; field).
    rewrite <- root_squared. unfold w. field. }
  apply Rle_trans with (L * sigma ^ 2 / 2 * (INR T * (step ^ 2 * (1 + beta * ud)))).
  - apply Rmult_le_compat_l; [| exact most]. pose proof (pow2_ge_0 sigma).
    replace (L * sigma ^ 2 / 2) with (L / 2 * sigma ^ 2) by field. apply Rmult_le_pos; lra.
  - rewrite same. apply Rmult_le_compat_l; [lra |]. apply Rplus_le_compat_l.
    apply Rmult_le_compat_r; assumption.
Qed.

(** Step 3: (2 - c) - 1 - w^2 - (w^2 + w) ud = (u - ud) (d + w (1 - d) + w ud) >= 0, as u (1 - d) = u - ud. *)
Lemma comparison : 1 + (w * w + (w * w + w) * ud) <= 2 - most_c.
Proof.
  pose proof ud_nonneg as ud_sign. pose proof ud_at_most_u as below. pose proof u_and_w as parts.
  pose proof w_nonneg as w_sign. unfold most_c. replace u with (1 - w) in * by lra.
  assert (0 <= (1 - w - ud) * (w + ud * (1 + w))) as left.
  { apply Rmult_le_pos; [lra |]. assert (0 <= ud * (1 + w)) by (apply Rmult_le_pos; lra). lra. }
  lra.
Qed.

Lemma closed_form : 2 * Delta / (INR T * step) = sigma * sqrt (2 * L * Delta / INR T) + 2 * (D + 1) * L * Delta / INR T.
Proof.
  pose proof (smoothness_positive run) as positive. pose proof steps_positive as some. pose proof below_positive as low.
  assert (sqrt (2 * L * Delta / INR T) = 2 * Delta / INR T * sqrt (L * INR T / (2 * Delta))) as root.
  { rewrite <- (sqrt_square (2 * Delta / INR T)) at 1 by (apply Rlt_le, Rdiv_lt_0_compat; lra).
    rewrite <- sqrt_mult.
    - f_equal. field. lra.
    - apply Rle_0_sqr.
    - apply Rlt_le, Rdiv_lt_0_compat; [apply Rmult_lt_0_compat |]; lra. }
  rewrite root. unfold step. unfold q in *. field. lra.
Qed.

Theorem constant_step : exists t, (t <= T)%nat /\
  m t <= sigma * sqrt (2 * L * Delta / INR T) + 2 * (D + 1) * L * Delta / INR T.
Proof.
  pose proof (smoothness_positive run) as positive. pose proof step_positive as step_sign.
  pose proof most_c_at_most_one as c_small. pose proof steps_positive as some.
  assert (forall t, (t < T)%nat -> 0 <= weight (fun _ => 1 + w) t) as weights.
  { intros t inside. apply Rplus_le_le_0_compat; [apply steps_nonneg, inside |].
    apply served_nonneg. intros k inside_k. apply Rmult_le_pos; [apply steps_nonneg, inside_k |].
    pose proof (c_le k inside_k). lra. }
  destruct (theorem_a run _ _ allowed weights) as [t [inside bound]]. exists t. split; [exact inside |].
  rewrite <- closed_form. pose proof comparison as compared. pose proof noise_le as noisy.
  assert (INR T * (step * (1 - most_c / 2)) + 1 / (2 * L) <= denominator_a (fun _ => 1 + w)) as below.
  { unfold denominator_a, total. apply Rplus_le_compat_r. rewrite <- sum_const. apply sum_le. intros k inside_k.
    rewrite (constant k inside_k). apply Rmult_le_compat_l; [lra |]. pose proof (c_le k inside_k). lra. }
  pose proof (Rdiv_lt_0_compat 1 (2 * L) ltac:(lra) ltac:(lra)) as last_sign.
  set (whole := INR T * (step * (1 - most_c / 2))) in *.
  assert (0 < whole) as whole_sign by (apply Rmult_lt_0_compat; [lra | apply Rmult_lt_0_compat; lra]).
  apply Rle_trans with (1 := bound).
  apply Rle_trans with (Delta * (2 - most_c) / whole).
  - apply Rle_trans with (Delta * (2 - most_c) / denominator_a (fun _ => 1 + w)).
    + apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat; lra |].
      apply Rle_trans with (Delta * (1 + (w * w + (w * w + w) * ud))); [lra |]. apply Rmult_le_compat_l; lra.
    + apply Rmult_le_compat_l; [apply Rmult_le_pos; lra |]. apply Rinv_le_contravar; lra.
  - apply Req_le. unfold whole. field. repeat split; lra.
Qed.

End ConstantStep.

(** Without noise the factors are 1 and 1; with noise Young's inequality with theta = w gives 1 + w and 1 + 1/w. *)
Theorem any_order : forall (N : Setting) (run : Trace N) D,
  0 < Delta -> 0 <= sigma -> delays_within -> INR s - 1 <= D -> (forall k, (k < T)%nat -> eta k = step D) ->
  exists t, (t <= T)%nat /\
    square (gradients run t) <= sigma * sqrt (2 * L * Delta / INR T) + 2 * (D + 1) * L * Delta / INR T.
Proof.
  intros N run D gap sign within wide constant.
  destruct (Rle_lt_or_eq_dec 0 sigma sign) as [noisy | still].
  - assert (0 < w D) as positive.
    { apply Rmult_lt_0_compat; [| apply (step_positive run); assumption].
      apply Rmult_lt_0_compat; [exact noisy |]. apply sqrt_lt_R0, Rdiv_lt_0_compat; [| lra].
      apply Rmult_lt_0_compat; [apply (smoothness_positive run) | apply steps_positive]. }
    apply (constant_step run D gap sign within wide constant (1 + 1 / w D)).
    + apply factors_by_young, positive.
    + pose proof (Rdiv_lt_0_compat 1 (w D) ltac:(lra) positive). lra.
    + apply Req_le. field. lra.
  - assert (w D = 0) as none by (unfold w, q; rewrite <- still; ring).
    apply (constant_step run D gap sign within wide constant 1); [| lra | rewrite none; lra].
    intros k inside. rewrite none.
    assert (inner (way run (tau k) k) (drift run (tau k) k) = 0) as orthogonal
      by (rewrite inner_comm; apply quiet; auto).
    pose proof (parted run k inside orthogonal). lra.
Qed.
