(** One constant step in closed form: Corollaries 1 and 2 of theory/bounds/corollaries.py, and the first for any order.

    The steps are 1/(A + q), q = sigma sqrt(L T / (2 Delta)); then min E|g_t|^2 <= sigma sqrt(2 L Delta/T) + 2 A Delta/T. *)

From Coq Require Import Reals Lra Lia.
From Gradlag Require Import Sums Space Setting Run Steps TheoremAR.
Open Scope R_scope.

Section ConstantStep.
Context {N : Setting} (run : Trace N) (A : R).

Definition q : R := sigma * sqrt (L * INR T / (2 * Delta)).
Definition step : R := 1 / (A + q).
Definition closed_form : R := sigma * sqrt (2 * L * Delta / INR T) + 2 * A * Delta / INR T.

Hypothesis gap_positive : 0 < Delta.
Hypothesis sigma_nonneg : 0 <= sigma.
Hypothesis within : delays_within.
Hypothesis A_positive : 0 < A.
Hypothesis constant : forall k, (k < T)%nat -> eta k = step.

Notation m := (fun t => square (gradients run t)).

(** u = A eta in (0, 1], w = 1 - u = q eta, and y = L eta (s - 1), which is at least L H_k. *)
Definition u : R := A * step.
Definition w : R := q * step.
Definition y : R := L * step * (INR s - 1).

Lemma steps_positive : 0 < INR T.
Proof. apply (lt_INR 0). pose proof some_step. lia. Qed.

Lemma delay_nonneg : 0 <= INR s - 1.
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

Lemma step_positive : 0 < step.
Proof. pose proof q_nonneg. apply Rdiv_lt_0_compat; lra. Qed.

Lemma u_and_w : u + w = 1.
Proof. pose proof q_nonneg. unfold u, w, step. field. lra. Qed.

Lemma w_nonneg : 0 <= w.
Proof. pose proof q_nonneg. pose proof step_positive. apply Rmult_le_pos; lra. Qed.

Lemma u_nonneg : 0 <= u.
Proof. pose proof step_positive. apply Rmult_le_pos; lra. Qed.

Lemma y_nonneg : 0 <= y.
Proof.
  pose proof (smoothness_positive run). pose proof step_positive. pose proof delay_nonneg.
  apply Rmult_le_pos; [apply Rmult_le_pos |]; lra.
Qed.

Lemma window_of_step : forall k, (k < T)%nat -> H k <= step * (INR s - 1).
Proof.
  intros k inside. unfold H.
  replace (window eta k) with (step * window (fun _ => 1) k).
  - apply Rmult_le_compat_l; [apply Rlt_le, step_positive |]. exact (window_count within k inside).
  - rewrite <- window_scale. apply sum_ext. intros j inside_j. rewrite (constant j inside_j). ring.
Qed.

Lemma L_window : forall k, (k < T)%nat -> L * H k <= y.
Proof.
  intros k inside. pose proof (smoothness_positive run). unfold y. rewrite Rmult_assoc.
  apply Rmult_le_compat_l; [lra | apply window_of_step, inside].
Qed.

Lemma closed_form_is : 2 * Delta / (INR T * step) = closed_form.
Proof.
  pose proof (smoothness_positive run) as positive. pose proof steps_positive as some. pose proof q_nonneg as low.
  assert (sqrt (2 * L * Delta / INR T) = 2 * Delta / INR T * sqrt (L * INR T / (2 * Delta))) as root.
  { rewrite <- (sqrt_square (2 * Delta / INR T)) at 1 by (apply Rlt_le, Rdiv_lt_0_compat; lra).
    rewrite <- sqrt_mult.
    - f_equal. field. lra.
    - apply Rle_0_sqr.
    - apply Rlt_le, Rdiv_lt_0_compat; [apply Rmult_lt_0_compat |]; lra. }
  unfold closed_form. rewrite root. unfold step. unfold q in *. field. lra.
Qed.

(** Factors alpha_k, beta_k of at most a and b: every c_k is at most L eta + a y^2, the noise at most T eta^2 (1 + b y). *)
Context (alpha beta : nat -> R) (allowed : factors run alpha beta) (a b : R).
Hypothesis alpha_below : forall k, (k < T)%nat -> alpha k <= a.
Hypothesis beta_below : forall k, (k < T)%nat -> beta k <= b.
Hypothesis a_nonneg : 0 <= a.
Hypothesis b_nonneg : 0 <= b.

Definition most_c : R := L * step + a * (y * y).

Hypothesis most_c_at_most_one : most_c <= 1.
Hypothesis comparison : 1 + w * w * (1 + b * y) <= 2 - most_c.

Lemma c_le : forall k, (k < T)%nat -> c alpha k <= most_c.
Proof.
  intros k inside. pose proof (smoothness_positive run) as positive. pose proof step_positive as step_sign.
  pose proof delay_nonneg as s_sign. unfold c, most_c. rewrite (constant k inside). apply Rplus_le_compat_l.
  apply Rle_trans with (L ^ 2 * readers (fun i => step * (step * (INR s - 1)) * a * 1) k).
  - apply Rmult_le_compat_l; [apply pow2_ge_0 |]. apply readers_le. intros i inside_i.
    rewrite (constant i inside_i), Rmult_1_r.
    apply Rle_trans with (step * H i * a).
    + apply Rmult_le_compat_l; [apply Rmult_le_pos; [lra | apply H_nonneg] | apply alpha_below, inside_i].
    + apply Rmult_le_compat_r; [exact a_nonneg |]. apply Rmult_le_compat_l; [lra | apply window_of_step, inside_i].
  - rewrite readers_scale. pose proof (readers_count within k) as few.
    apply Rle_trans with (L ^ 2 * (step * (step * (INR s - 1)) * a * (INR s - 1))).
    + apply Rmult_le_compat_l; [apply pow2_ge_0 |]. apply Rmult_le_compat_l; [| exact few].
      apply Rmult_le_pos; [| lra]. apply Rmult_le_pos; [lra | apply Rmult_le_pos; lra].
    + apply Req_le. unfold y. ring.
Qed.

Lemma noise_le : L * sigma ^ 2 / 2 * noise_a beta <= Delta * (w * w * (1 + b * y)).
Proof.
  pose proof (smoothness_positive run) as positive. pose proof step_positive as step_sign.
  assert (noise_a beta <= INR T * (step ^ 2 * (1 + b * y))) as most.
  { unfold noise_a, total. rewrite <- sum_const. apply sum_le. intros k inside.
    rewrite (constant k inside). apply Rmult_le_compat_l; [apply pow2_ge_0 |]. apply Rplus_le_compat_l.
    apply Rle_trans with (L * readers (fun _ => step * b * 1) k).
    - apply Rmult_le_compat_l; [lra |]. apply readers_le. intros i inside_i. rewrite (constant i inside_i), Rmult_1_r.
      apply Rmult_le_compat_l; [lra | apply beta_below, inside_i].
    - rewrite readers_scale. pose proof (readers_count within k) as few.
      replace (b * y) with (L * (step * b * (INR s - 1))) by (unfold y; ring).
      apply Rmult_le_compat_l; [lra |]. apply Rmult_le_compat_l; [apply Rmult_le_pos; lra | exact few]. }
  apply Rle_trans with (L * sigma ^ 2 / 2 * (INR T * (step ^ 2 * (1 + b * y)))).
  - apply Rmult_le_compat_l; [| exact most]. pose proof (pow2_ge_0 sigma). apply Rmult_le_pos; [apply Rmult_le_pos |]; lra.
  - apply Req_le.
    replace (L * sigma ^ 2 / 2 * (INR T * (step ^ 2 * (1 + b * y))))
      with (sigma * sigma * (L * INR T) * / 2 * (step * step) * (1 + b * y)) by (simpl; field).
    rewrite <- root_squared. unfold w. field.
Qed.

Theorem constant_step : (exists t, (t <= T)%nat /\ m t <= closed_form)
  /\ weighed_to_last (fun t => weight alpha t / 2) (denominator_a alpha) closed_form m.
Proof.
  pose proof (smoothness_positive run) as positive. pose proof step_positive as step_sign.
  pose proof steps_positive as some. apply (theorem_a_below run alpha beta allowed).
  - intros t inside. apply Rplus_le_le_0_compat; [apply steps_nonneg, inside |].
    apply served_nonneg. intros k inside_k. apply Rmult_le_pos; [apply steps_nonneg, inside_k |].
    pose proof (c_le k inside_k). lra.
  - rewrite <- closed_form_is. pose proof noise_le as noisy.
    apply Rle_trans with (Delta * (2 - most_c)).
    + apply Rle_trans with (Delta * (1 + w * w * (1 + b * y))); [lra |]. apply Rmult_le_compat_l; [lra | exact comparison].
    + apply Rle_trans with (INR T * (step * (1 - most_c / 2)) * (2 * Delta / (INR T * step))).
      * apply Req_le. field. lra.
      * apply Rmult_le_compat_r; [apply Rlt_le, Rdiv_lt_0_compat; [lra | apply Rmult_lt_0_compat; lra] |].
        unfold denominator_a. pose proof (Rdiv_lt_0_compat 1 (2 * L) ltac:(lra) ltac:(lra)) as last_sign.
        assert (INR T * (step * (1 - most_c / 2)) <= total (fun k => eta k * (1 - c alpha k / 2))) as below; [| lra].
        unfold total. rewrite <- sum_const. apply sum_le. intros k inside_k. rewrite (constant k inside_k).
        apply Rmult_le_compat_l; [lra |]. pose proof (c_le k inside_k). lra.
Qed.

End ConstantStep.

(** A = s L: L eta = u - y, and y <= u. *)
Section ReadsInOrder.
Context {N : Setting} (run : Trace N).
Hypothesis gap_positive : 0 < Delta.
Hypothesis sigma_nonneg : 0 <= sigma.
Hypothesis within : delays_within.
Notation A := (INR s * L).
Hypothesis constant : forall k, (k < T)%nat -> eta k = step A.

Lemma A_positive : 0 < A.
Proof. apply Rmult_lt_0_compat; [apply lt_0_INR, some_staleness | apply (smoothness_positive run)]. Qed.

Lemma L_step : L * step A = u A - y A.
Proof. unfold u, y. ring. Qed.

Lemma y_at_most_u : y A <= u A.
Proof.
  pose proof L_step. pose proof (smoothness_positive run) as positive.
  pose proof (step_positive A sigma_nonneg A_positive) as step_sign.
  assert (0 <= L * step A) by (apply Rmult_le_pos; lra). lra.
Qed.

(** Step 3 of Corollary 1, with factors of at most 1 + w and b, w^2 b <= w^2 + w:
    right - left is at least (u - y)(w + y (1 + w)). *)
Lemma compared : forall a b, a <= 1 + w A -> w A * w A * b <= w A * w A + w A ->
  most_c A a <= 1 /\ 1 + w A * w A * (1 + b * y A) <= 2 - most_c A a.
Proof.
  intros a b a_small b_small. pose proof (y_nonneg run A sigma_nonneg A_positive) as y_sign.
  pose proof y_at_most_u as below. pose proof (u_and_w A sigma_nonneg A_positive) as parts.
  pose proof (w_nonneg A sigma_nonneg A_positive) as w_sign. unfold most_c. rewrite L_step.
  set (w' := w A) in *. set (y' := y A) in *. replace (u A) with (1 - w') in * by lra.
  assert (a * (y' * y') <= (1 + w') * (y' * y')) as first by (apply Rmult_le_compat_r; [apply Rle_0_sqr | exact a_small]).
  assert (w' * w' * b * y' <= (w' * w' + w') * y') as second by (apply Rmult_le_compat_r; assumption).
  assert (0 <= (1 - w' - y') * (w' + y' * (1 + w'))) as third.
  { apply Rmult_le_pos; [lra |]. assert (0 <= y' * (1 + w')) by (apply Rmult_le_pos; lra). lra. }
  assert (0 <= w' * w') by apply Rle_0_sqr. assert (0 <= (w' * w' + w') * y') by (apply Rmult_le_pos; lra).
  split; lra.
Qed.

(** Corollary 1: nothing overtakes, or there is no noise, so that the factors are 1. *)
Theorem corollary_1 : (sigma = 0 \/ forall k, (k < T)%nat -> overtaken k = false) ->
  let alpha := fun k => 1 + 2 * o k * L * H k in
  (exists t, (t <= T)%nat /\ square (gradients run t) <= closed_form A)
  /\ weighed_to_last (fun t => weight alpha t / 2) (denominator_a alpha) (closed_form A) (fun t => square (gradients run t)).
Proof.
  intros quiet_or_ordered alpha.
  assert (forall k, (k < T)%nat -> o k = 0) as none.
  { intros k inside. unfold o, where_overtaken. destruct (Rlt_dec 0 sigma); [| reflexivity].
    destruct quiet_or_ordered as [still | in_order]; [lra |]. rewrite (in_order k inside). reflexivity. }
  pose proof (w_nonneg A sigma_nonneg A_positive) as w_sign.
  assert (1 <= 1 + w A) as a_small by lra.
  assert (w A * w A * 1 <= w A * w A + w A) as b_small by lra.
  destruct (compared 1 1 a_small b_small) as [small comparison].
  apply (constant_step run A gap_positive sigma_nonneg within A_positive constant alpha
    (fun k => 1 + 3 * o k * L * H k) (factors_where_overtaken run sigma_nonneg) 1 1); try lra.
  - intros k inside. unfold alpha. rewrite (none k inside). lra.
  - intros k inside. rewrite (none k inside). lra.
Qed.

(** The same for reads in any order. Without noise the factors are 1 and 1; with noise Young's inequality with theta = w
    gives 1 + w and 1 + 1/w. *)
Theorem any_order : exists t, (t <= T)%nat /\ square (gradients run t) <= closed_form A.
Proof.
  pose proof (w_nonneg A sigma_nonneg A_positive) as w_sign.
  destruct (Rle_lt_or_eq_dec 0 sigma sigma_nonneg) as [noisy | still].
  - assert (0 < w A) as positive.
    { apply Rmult_lt_0_compat; [| exact (step_positive A sigma_nonneg A_positive)].
      apply Rmult_lt_0_compat; [exact noisy |]. apply sqrt_lt_R0, Rdiv_lt_0_compat; [| lra].
      apply Rmult_lt_0_compat; [apply (smoothness_positive run) | apply steps_positive]. }
    pose proof (Rdiv_lt_0_compat 1 (w A) ltac:(lra) positive) as inverse.
    assert (w A * w A * (1 + 1 / w A) <= w A * w A + w A) as cost by (apply Req_le; field; lra).
    destruct (compared (1 + w A) (1 + 1 / w A) (Rle_refl _) cost) as [small comparison].
    apply (constant_step run A gap_positive sigma_nonneg within A_positive constant _ _
      (factors_by_young run (w A) positive) (1 + w A) (1 + 1 / w A)); intros; lra.
  - apply corollary_1. left. auto.
Qed.

End ReadsInOrder.

(** Corollary 2: A = 2 s L, with the factors of Theorem A where gradients overtake. *)
Section AnyReads.
Context {N : Setting} (run : Trace N).
Hypothesis gap_positive : 0 < Delta.
Hypothesis sigma_nonneg : 0 <= sigma.
Hypothesis within : delays_within.
Notation A := (2 * INR s * L).
Hypothesis constant : forall k, (k < T)%nat -> eta k = step A.

Theorem corollary_2 : let alpha := fun k => 1 + 2 * o k * L * H k in
  (exists t, (t <= T)%nat /\ square (gradients run t) <= closed_form A)
  /\ weighed_to_last (fun t => weight alpha t / 2) (denominator_a alpha) (closed_form A) (fun t => square (gradients run t)).
Proof.
  intros alpha. pose proof (smoothness_positive run) as positive. pose proof (lt_0_INR s some_staleness) as s_sign.
  assert (0 < A) as A_positive by (apply Rmult_lt_0_compat; lra).
  pose proof (step_positive A sigma_nonneg A_positive) as step_sign.
  pose proof (y_nonneg run A sigma_nonneg A_positive) as y_sign.
  pose proof (w_nonneg A sigma_nonneg A_positive) as w_sign. pose proof (u_and_w A sigma_nonneg A_positive) as parts.
  assert (L * step A = u A / 2 - y A) as L_step by (unfold u, y; field).
  assert (0 <= L * step A) as L_step_sign by (apply Rmult_le_pos; lra).
  assert (forall k, 0 <= o k <= 1) as indicator.
  { intros k. unfold o, where_overtaken. destruct (Rlt_dec 0 sigma); [destruct (overtaken k) |]; lra. }
  assert (forall k, (k < T)%nat -> o k * (L * H k) <= y A) as overtakes.
  { intros k inside. pose proof (L_window run A sigma_nonneg within A_positive constant k inside) as low.
    assert (0 <= L * H k) as height by (apply Rmult_le_pos; [lra | apply H_nonneg]).
    apply Rle_trans with (1 * (L * H k)); [| lra]. apply Rmult_le_compat_r; [exact height | apply indicator]. }
  set (z := 2 * y A). assert (0 <= z <= u A) as range by (unfold z; lra).
  assert (0 <= (3 / 2 - u A) * (u A - z)) as at_zero by (apply Rmult_le_pos; lra).
  assert (0 <= z * (3 / 2 - u A + 3 / 4 * (u A * u A) * (1 - u A))) as at_u.
  { apply Rmult_le_pos; [lra |]. assert (0 <= 3 / 4 * (u A * u A) * (1 - u A)); [| lra].
    apply Rmult_le_pos; [apply Rmult_le_pos; [lra | apply Rle_0_sqr] | lra]. }
  assert (0 <= z * (u A - z) * (1 / 4 + 3 / 4 * ((1 - u A) * (1 - u A)) + (z + u A) / 4)) as concave.
  { apply Rmult_le_pos; [apply Rmult_le_pos; lra |]. pose proof (Rle_0_sqr (1 - u A)) as square. unfold Rsqr in square. lra. }
  assert (1 - (u A - z) / 2 - z * z / 4 * (1 + z) - (1 - u A) * (1 - u A) * (1 + z / 2 * (1 + 3 * z / 2))
    = (3 / 2 - u A) * (u A - z) + z * (3 / 2 - u A + 3 / 4 * (u A * u A) * (1 - u A))
      + z * (u A - z) * (1 / 4 + 3 / 4 * ((1 - u A) * (1 - u A)) + (z + u A) / 4)) as identity by field.
  assert (most_c A (1 + z) = (u A - z) / 2 + z * z / 4 * (1 + z)) as most
    by (unfold most_c; rewrite L_step; unfold z; field).
  assert (w A = 1 - u A) as w_is by lra.
  apply (constant_step run A gap_positive sigma_nonneg within A_positive constant alpha
    (fun k => 1 + 3 * o k * L * H k) (factors_where_overtaken run sigma_nonneg) (1 + z) (1 + 3 * z / 2)); try lra.
  - intros k inside. unfold alpha. pose proof (overtakes k inside). unfold z. lra.
  - intros k inside. pose proof (overtakes k inside). unfold z. lra.
  - rewrite most. assert (0 <= (1 - u A) * (1 - u A) * (1 + z / 2 * (1 + 3 * z / 2))); [| lra].
    apply Rmult_le_pos; [apply Rle_0_sqr |]. assert (0 <= z / 2 * (1 + 3 * z / 2)) by (apply Rmult_le_pos; lra). lra.
  - rewrite most, w_is. replace (y A) with (z / 2) by (unfold z; field). lra.
Qed.

End AnyReads.
