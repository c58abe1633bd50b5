(** Counter-momentum: theory/bounds/counter_momentum.py. *)

From Coq Require Import Reals Lra Lia Arith.
From Gradlag Require Import Sums Space Setting MovingRun.
Open Scope R_scope.

(** Summation by parts for mu_{i+1} + mu_{i-1} = (2 - a) mu_i, where mu_{-1} = q. *)
Lemma by_parts : forall (mu v : nat -> R) a q, mu 1%nat + q = (2 - a) * mu 0%nat ->
  (forall i, mu (S (S i)) + mu i = (2 - a) * mu (S i)) -> forall d,
  sum d (fun i => (mu (S i) - mu i) * (v (S i) - v i)) - a * sum (S d) (fun i => mu i * v i)
  = v d * (mu (S d) - mu d) - v 0%nat * (mu 0%nat - q).
Proof.
  intros mu v a q first next. induction d as [| d IH].
  - simpl. replace q with ((2 - a) * mu 0%nat - mu 1%nat) by lra. ring.
  - change (sum (S d) (fun i => (mu (S i) - mu i) * (v (S i) - v i)))
      with (sum d (fun i => (mu (S i) - mu i) * (v (S i) - v i)) + (mu (S d) - mu d) * (v (S d) - v d)).
    change (sum (S (S d)) (fun i => mu i * v i)) with (sum (S d) (fun i => mu i * v i) + mu (S d) * v (S d)).
    specialize (next d). replace (mu (S (S d))) with ((2 - a) * mu (S d) - mu d) by lra. lra.
Qed.

Section Ends.
Context {X : Form} (p : nat -> X) (S_ : nat -> R) (a : R).
Hypothesis recurrence : forall i, S_ (S (S i)) + S_ i = (2 - a) * S_ (S i).
Hypothesis at_zero : S_ 0%nat = 0.

(** The quadratic form |p_0|^2 + sum_{i<d} |p_{i+1} - p_i|^2 - a sum_{i<d} |p_i|^2. *)
Definition energy (d : nat) : R :=
  square (p 0%nat) + sum d (fun i => square (sub (p (S i)) (p i))) - a * sum d (fun i => square (p i)).

(** It is at least what its last vector says, as the rest is a sum of squares. *)
Lemma energy_low : forall d, (forall i, (1 <= i <= S d)%nat -> 0 < S_ i) ->
  (1 - S_ d / S_ (S d)) * square (p d) <= energy d.
Proof.
  unfold energy. induction d as [| d IH]; intros positive.
  - simpl. rewrite at_zero. unfold Rdiv. rewrite Rmult_0_l. lra.
  - specialize (IH ltac:(intros; apply positive; lia)).
    pose proof (positive (S d) ltac:(lia)) as here. pose proof (positive (S (S d)) ltac:(lia)) as after.
    change (sum (S d) (fun i => square (sub (p (S i)) (p i))))
      with (sum d (fun i => square (sub (p (S i)) (p i))) + square (sub (p (S d)) (p d))).
    change (sum (S d) (fun i => square (p i))) with (sum d (fun i => square (p i)) + square (p d)).
    rewrite square_sub, (inner_comm (p (S d)) (p d)).
    pose proof (young X (S_ (S (S d)) / S_ (S d)) (p d) (p (S d)) ltac:(apply Rdiv_lt_0_compat; lra)) as mixed.
    replace (square (p (S d)) / (S_ (S (S d)) / S_ (S d))) with (S_ (S d) / S_ (S (S d)) * square (p (S d))) in mixed
      by (field; lra).
    assert (2 - a = S_ (S (S d)) / S_ (S d) + S_ d / S_ (S d)) as curve.
    { apply Rmult_eq_reg_r with (S_ (S d)); [| lra]. rewrite <- recurrence. field. lra. }
    assert ((2 - a) * square (p d) = S_ (S (S d)) / S_ (S d) * square (p d) + S_ d / S_ (S d) * square (p d)) as parts
      by (rewrite curve; ring).
    lra.
Qed.

(** With p_i = S_{i+1} (u + v_i), all of these orthogonal: |u|^2 counts just that, and every |v_i|^2 by itself. *)
Lemma energy_of_start : forall (A : R) (v : nat -> R) n, (forall i, (i <= n)%nat -> square (p i) = S_ (S i) ^ 2 * (A + v i)) ->
  (forall i, (i < n)%nat -> square (sub (p (S i)) (p i))
    = (S_ (S (S i)) - S_ (S i)) ^ 2 * A + S_ (S (S i)) ^ 2 * v (S i) + S_ (S i) ^ 2 * v i) ->
  forall d, (d <= n)%nat -> energy d = (S_ (S d) ^ 2 - S_ d * S_ (S d)) * A
    + (2 - a) * sum d (fun i => S_ (S i) ^ 2 * v i) + S_ (S d) ^ 2 * v d.
Proof.
  intros A v n lengths turns. unfold energy. induction d as [| d IH]; intros inside.
  - simpl. rewrite lengths, at_zero by lia. ring.
  - specialize (IH ltac:(lia)). pose proof (recurrence d) as next.
    change (sum (S d) (fun i => square (sub (p (S i)) (p i))))
      with (sum d (fun i => square (sub (p (S i)) (p i))) + square (sub (p (S d)) (p d))).
    change (sum (S d) (fun i => square (p i))) with (sum d (fun i => square (p i)) + square (p d)).
    change (sum (S d) (fun i => S_ (S i) ^ 2 * v i)) with (sum d (fun i => S_ (S i) ^ 2 * v i) + S_ (S d) ^ 2 * v d).
    rewrite turns, (lengths d) by lia.
    replace (S_ d) with ((2 - a) * S_ (S d) - S_ (S (S d))) in IH by lra.
    replace (S_ (S (S d)) ^ 2 * (A + v (S d))) with (S_ (S (S d)) ^ 2 * A + S_ (S (S d)) ^ 2 * v (S d)) by ring.
    lra.
Qed.
End Ends.

Section CounterMomentum.
Context {N : Setting} (run : Moved N) (theta : R).

Notation D := (s - 1)%nat.
Notation X := (vectors run).
Notation xs := (points run).
Notation f := (heights run).

Definition whole_less_half : R := sin ((INR s - 1 / 2) * theta).
Definition W : R := sin (INR s * theta) * sin (theta / 2).
Definition L_method : R := sin theta / whole_less_half / eta 0.

Hypothesis sigma_nonneg : 0 <= sigma.
Hypothesis late_where_noisy : 0 < sigma -> 2 <= INR s.
Hypothesis one_delay : forall k, (k < T)%nat -> tau k = (k - D)%nat.
Hypothesis angle : PI / (2 * INR s + 1) <= theta <= 2 * PI / (2 * INR s + 1).
Hypothesis soft : forall k, (k < T)%nat -> eta k = sin (Rmin (INR (S k)) (INR s) * theta) / sin theta * eta 0.
Hypothesis moves_back : forall k, (k < T)%nat ->
  back run k = sin ((INR s - 1 / 2 - Rmin (INR (S k)) (INR s - 1 / 2)) * theta) / whole_less_half.
Hypothesis some_move : 0 < eta 0.
Hypothesis short : L * eta 0 <= sin theta / whole_less_half.

(** {1 Sines} *)

Definition S_ (i : nat) : R := sin (INR i * theta).
Definition a : R := 2 - 2 * cos theta.
(** mu_0 = 1, and mu_{i+1} is the move i + 1 steps before that is taken back. *)
Definition mu_ (i : nat) : R := sin ((INR s - 1 / 2 - INR i) * theta) / whole_less_half.
Definition q : R := sin ((INR s + 1 / 2) * theta) / whole_less_half.
Definition beta : R := sin (INR s * theta) / sin (theta / 2).
Definition step : R := sin (INR s * theta) / whole_less_half.
Definition c : R := cos ((INR s - 1 / 2) * theta).

Lemma s_large : 1 <= INR s.
Proof. pose proof (le_INR 1 s some_staleness) as large. exact large. Qed.

Lemma theta_low : PI / 2 <= (INR s + 1 / 2) * theta.
Proof.
  pose proof s_large. apply Rle_trans with ((INR s + 1 / 2) * (PI / (2 * INR s + 1))).
  - apply Req_le. field. lra.
  - apply Rmult_le_compat_l; lra.
Qed.

Lemma theta_high : (INR s + 1 / 2) * theta <= PI.
Proof.
  pose proof s_large. apply Rle_trans with ((INR s + 1 / 2) * (2 * PI / (2 * INR s + 1))).
  - apply Rmult_le_compat_l; lra.
  - apply Req_le. field. lra.
Qed.

Lemma theta_positive : 0 < theta.
Proof.
  pose proof s_large. pose proof PI_RGT_0. apply Rlt_le_trans with (PI / (2 * INR s + 1)); [| apply angle].
  apply Rdiv_lt_0_compat; lra.
Qed.

Lemma sine_positive : forall t, 0 < t <= INR s -> 0 < sin (t * theta).
Proof.
  intros t [low high]. pose proof theta_positive as some. pose proof theta_high as top.
  assert (t * theta <= INR s * theta) by (apply Rmult_le_compat_r; lra).
  apply sin_gt_0; [apply Rmult_lt_0_compat; lra | lra].
Qed.

Lemma less_half_positive : 0 < whole_less_half.
Proof. pose proof s_large. apply sine_positive. lra. Qed.

Lemma half_positive : 0 < sin (theta / 2).
Proof. pose proof s_large. replace (theta / 2) with (1 / 2 * theta) by field. apply sine_positive. lra. Qed.

Lemma whole_positive : 0 < sin (INR s * theta).
Proof. pose proof s_large. apply sine_positive. lra. Qed.

Lemma one_positive : 0 < sin theta.
Proof. pose proof s_large. replace theta with (1 * theta) by ring. apply sine_positive. lra. Qed.

Lemma S_positive : forall i, (1 <= i <= s)%nat -> 0 < S_ i.
Proof.
  intros i [low high]. apply sine_positive. apply le_INR in low. apply le_INR in high. simpl in low. lra.
Qed.

Lemma around : forall t, sin (t + theta) + sin (t - theta) = (2 - a) * sin t.
Proof. intros t. unfold a. rewrite sin_plus, sin_minus. ring. Qed.

Lemma S_recurrence : forall i, S_ (S (S i)) + S_ i = (2 - a) * S_ (S i).
Proof.
  intros i. unfold S_. rewrite <- around, !S_INR. f_equal; f_equal; ring.
Qed.

Lemma mu_recurrence : forall i, mu_ (S (S i)) + mu_ i = (2 - a) * mu_ (S i).
Proof.
  intros i. unfold mu_, Rdiv. rewrite <- Rmult_plus_distr_r, <- Rmult_assoc, <- around, !S_INR.
  f_equal. rewrite Rplus_comm. f_equal; f_equal; ring.
Qed.

Lemma mu_first : mu_ 1%nat + q = (2 - a) * mu_ 0%nat.
Proof.
  unfold mu_, q, Rdiv. rewrite <- Rmult_plus_distr_r, <- Rmult_assoc, <- around.
  f_equal. rewrite Rplus_comm. simpl INR. f_equal; f_equal; field.
Qed.

Lemma mu_at_zero : mu_ 0%nat = 1.
Proof.
  pose proof less_half_positive. unfold mu_. simpl. rewrite Rminus_0_r. fold whole_less_half. field. lra.
Qed.

Lemma mu_last : mu_ D = sin (theta / 2) / whole_less_half.
Proof. unfold mu_. rewrite staleness_less_one. f_equal. f_equal. field. Qed.

Lemma mu_turns : mu_ s = - mu_ D.
Proof.
  rewrite mu_last. unfold mu_. replace ((INR s - 1 / 2 - INR s) * theta) with (- (theta / 2)) by field.
  rewrite sin_neg. unfold Rdiv. ring.
Qed.

Lemma step_is : step = beta * mu_ D.
Proof.
  pose proof less_half_positive. pose proof half_positive. rewrite mu_last. unfold step, beta. field. lra.
Qed.

Lemma step_squared : step ^ 2 = q + mu_ D ^ 2.
Proof.
  pose proof less_half_positive as some. rewrite mu_last. unfold step, q, whole_less_half in *.
  replace ((INR s - 1 / 2) * theta) with (INR s * theta - theta / 2) in * by field.
  replace ((INR s + 1 / 2) * theta) with (INR s * theta + theta / 2) by field.
  set (A := INR s * theta) in *. set (B := theta / 2) in *.
  apply Rmult_eq_reg_r with (sin (A - B) ^ 2); [| apply pow_nonzero; lra].
  replace ((sin A / sin (A - B)) ^ 2 * sin (A - B) ^ 2) with (sin A ^ 2) by (field; lra).
  replace ((sin (A + B) / sin (A - B) + (sin B / sin (A - B)) ^ 2) * sin (A - B) ^ 2)
    with (sin (A + B) * sin (A - B) + sin B ^ 2) by (field; lra).
  rewrite sin_plus, sin_minus.
  pose proof (sin2_cos2 A) as one. pose proof (sin2_cos2 B) as one'. unfold Rsqr in *.
  replace (sin A ^ 2) with (sin A * sin A * (sin B * sin B + cos B * cos B)) by (rewrite one'; ring).
  replace (sin B ^ 2) with (sin B * sin B * (sin A * sin A + cos A * cos A)) by (rewrite one; ring). ring.
Qed.

Lemma curvature : beta * a = 4 * W.
Proof.
  pose proof half_positive. unfold beta, a, W.
  replace (2 - 2 * cos theta) with (4 * (sin (theta / 2) * sin (theta / 2))); [field; lra |].
  replace theta with (2 * (theta / 2)) at 3 by field. rewrite cos_2a_sin. ring.
Qed.

Lemma two_cosines : W = (c - cos ((INR s + 1 / 2) * theta)) / 2.
Proof.
  unfold W, c. replace ((INR s - 1 / 2) * theta) with (INR s * theta - theta / 2) by field.
  replace ((INR s + 1 / 2) * theta) with (INR s * theta + theta / 2) by field. rewrite cos_minus, cos_plus. field.
Qed.

Lemma last_weight : beta * (1 - S_ D / S_ s) = 2 * c.
Proof.
  pose proof half_positive. pose proof whole_positive. unfold beta, S_, c.
  rewrite staleness_less_one.
  assert (sin (INR s * theta) - sin ((INR s - 1) * theta) = 2 * cos ((INR s - 1 / 2) * theta) * sin (theta / 2)) as turn.
  { replace (INR s * theta) with ((INR s - 1 / 2) * theta + theta / 2) by field.
    replace ((INR s - 1) * theta) with ((INR s - 1 / 2) * theta - theta / 2) by field.
    rewrite sin_plus, sin_minus. ring. }
  transitivity ((sin (INR s * theta) - sin ((INR s - 1) * theta)) / sin (theta / 2)); [field; lra |].
  rewrite turn. field. lra.
Qed.

Lemma beta_large : 1 <= beta.
Proof.
  pose proof half_positive as some. pose proof theta_high as top. pose proof theta_positive as sign.
  pose proof s_large as large. unfold beta. apply Rmult_le_reg_r with (sin (theta / 2)); [exact some |].
  unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r, Rmult_1_l by lra.
  assert (theta <= INR s * theta) by (rewrite <- (Rmult_1_l theta) at 1; apply Rmult_le_compat_r; lra).
  destruct (Rle_lt_dec (INR s * theta) (PI / 2)) as [early | late].
  - apply sin_incr_1; lra.
  - rewrite <- (sin_PI_x (INR s * theta)). apply sin_incr_1; lra.
Qed.

(** {1 The gradients in flight} *)

(** The noise that step j applies; none after the last step. Gradients with the noise that they are applied with. *)
Definition noise (j : nat) : X := if (j <? T)%nat then noises run j else zero.
Definition g (k : nat) : X := add (gradients run k) (noise (k + D)).

(** x_k - x_{k+1} is (step/L) d_k. *)
Definition d (k : nat) : X := scale (L_method / step) (sub (xs k) (xs (S k))).
Definition rho (j : nat) : R := if (j <? D)%nat then S_ (S j) / S_ s else 1.
Definition gamma (j : nat) : X := scale (rho j) (add (gradients run (j - D)) (noise j)).
(** What a step takes back of the move j + 1 steps before. *)
Definition M (j : nat) : R := if (j <? D)%nat then mu_ (S j) else 0.
Definition p (k i : nat) : X := sub (gamma (k + i)) (vsum k (fun j => scale (M (i + j)) (d (k - j - 1)))).

Lemma step_positive : 0 < step.
Proof. pose proof less_half_positive. pose proof whole_positive. apply Rdiv_lt_0_compat; assumption. Qed.

Lemma L_method_positive : 0 < L_method.
Proof.
  pose proof less_half_positive. pose proof one_positive. apply Rdiv_lt_0_compat; [apply Rdiv_lt_0_compat; lra | lra].
Qed.

Lemma L_method_large : L <= L_method.
Proof.
  pose proof less_half_positive as some. apply Rmult_le_reg_r with (eta 0); [exact some_move |].
  replace (L_method * eta 0) with (sin theta / whole_less_half) by (unfold L_method; field; lra). exact short.
Qed.

Lemma moves_are : forall j, (j < T)%nat -> back run j = M j.
Proof.
  intros j inside. pose proof less_half_positive as some. rewrite moves_back by exact inside. unfold M, mu_. f_equal.
  destruct (Nat.ltb_spec j D) as [young | old].
  - apply (le_INR (S j)) in young. rewrite staleness_less_one in young. rewrite Rmin_left by lra. reflexivity.
  - apply le_INR in old. rewrite staleness_less_one in old. rewrite S_INR, Rmin_right by lra.
    replace ((INR s - 1 / 2 - (INR s - 1 / 2)) * theta) with 0 by ring. rewrite sin_0. unfold Rdiv. ring.
Qed.

Lemma steps_are : forall k, (k < T)%nat ->
  eta k * L_method / step = rho k.
Proof.
  intros k inside. pose proof less_half_positive as some. pose proof whole_positive. pose proof one_positive as one.
  rewrite soft by exact inside. unfold L_method, step, rho, S_.
  destruct (Nat.ltb_spec k D) as [early | late].
  - rewrite Rmin_left by (apply le_INR; lia). field. repeat split; lra.
  - rewrite Rmin_right by (apply le_INR; pose proof some_staleness; lia). field. repeat split; lra.
Qed.

Lemma inner_p : forall k i (v : X), inner (p k i) v
  = inner (gamma (k + i)) v - sum k (fun j => M (i + j) * inner (d (k - j - 1)) v).
Proof.
  intros k i v. unfold p. rewrite inner_sub, inner_vsum. f_equal. apply sum_ext. intros. apply inner_scale.
Qed.

Lemma first_is_move : forall k (v : X), (k < T)%nat -> inner (p k 0) v = inner (d k) v.
Proof.
  intros k v inside. rewrite inner_p. unfold d at 2. rewrite inner_scale, (travels run k v inside).
  rewrite (sum_ext k (fun j => back run j * inner (sub (xs (k - j)) (xs (k - j - 1))) v)
    (fun j => - (step / L_method) * (M (0 + j) * inner (d (k - j - 1)) v))).
  - rewrite sum_scale. pose proof step_positive. pose proof L_method_positive.
    assert (inner (gamma (k + 0)) v
      = eta k * L_method / step * (inner (gradients run (tau k)) v + inner (noises run k) v)) as here.
    { rewrite steps_are, one_delay by exact inside. unfold gamma, noise.
      rewrite Nat.add_0_r, inner_scale, inner_add. destruct (Nat.ltb_spec k T); [reflexivity | lia]. }
    rewrite here. field. lra.
  - intros j before. rewrite moves_are by lia. unfold d. rewrite inner_scale.
    replace (S (k - j - 1)) with (k - j)%nat by lia. rewrite !inner_sub. pose proof step_positive.
    pose proof L_method_positive. simpl (0 + j)%nat. field. lra.
Qed.

Lemma next_state : forall k i (v : X), inner (p (S k) i) v = inner (p k (S i)) v - M i * inner (d k) v.
Proof.
  intros k i v. rewrite !inner_p, sum_shift. replace (S k + i)%nat with (k + S i)%nat by lia.
  rewrite (sum_ext k (fun j => M (i + S j) * inner (d (S k - S j - 1)) v)
    (fun j => M (S i + j) * inner (d (k - j - 1)) v)).
  - rewrite Nat.add_0_r. replace (S k - 0 - 1)%nat with k by lia. ring.
  - intros j _. replace (i + S j)%nat with (S i + j)%nat by lia. reflexivity.
Qed.

Lemma last_is_gradient : forall k (v : X), inner (p k D) v = inner (g k) v.
Proof.
  intros k v. rewrite inner_p, sum_zero.
  - unfold gamma, rho, g. destruct (Nat.ltb_spec (k + D) D); [lia |]. rewrite inner_scale, Nat.add_sub. ring.
  - intros j _. unfold M. destruct (Nat.ltb_spec (D + j) D); [lia | ring].
Qed.

Lemma rho_is : forall i, (i <= D)%nat -> rho i = S_ (S i) / S_ s.
Proof.
  intros i inside. unfold rho. destruct (Nat.ltb_spec i D) as [early | late]; [reflexivity |].
  replace (S i) with s by (pose proof some_staleness; lia).
  pose proof (S_positive s ltac:(pose proof some_staleness; lia)). field. lra.
Qed.

Lemma start_state : forall i (v : X), (i <= D)%nat ->
  inner (p 0 i) v = S_ (S i) / S_ s * (inner (gradients run 0) v + inner (noise i) v).
Proof.
  intros i v inside. rewrite inner_p. simpl. unfold gamma. rewrite rho_is by exact inside.
  replace (i - D)%nat with 0%nat by lia. rewrite inner_scale, inner_add. ring.
Qed.

(** {1 The noise} *)

Definition n_ (j : nat) : R := square (noise j).

Lemma inner_noise : forall j (v : X), inner (noise j) v = if (j <? T)%nat then inner (noises run j) v else 0.
Proof. intros j v. unfold noise. destruct (j <? T)%nat; [reflexivity | apply inner_zero]. Qed.

Lemma noise_meets_gradient : forall k j, (j <= k)%nat -> inner (noise k) (gradients run j) = 0.
Proof.
  intros k j before. rewrite inner_noise. destruct (Nat.ltb_spec k T); [apply fresh_for_gradients; assumption | reflexivity].
Qed.

Lemma noise_meets_noise : forall k j, (j < k)%nat -> inner (noise k) (noise j) = 0.
Proof.
  intros k j before. rewrite inner_noise. destruct (Nat.ltb_spec k T); [| reflexivity].
  rewrite inner_comm, inner_noise. destruct (Nat.ltb_spec j T); [| reflexivity].
  rewrite inner_comm. apply fresh_for_noises; assumption.
Qed.

Lemma noise_meets_move : forall k j, (j < k)%nat -> inner (noise k) (d j) = 0.
Proof.
  intros k j before. destruct (Nat.ltb_spec k T) as [inside | over].
  - rewrite inner_comm. unfold d. rewrite inner_scale.
    assert (forall i, (i < k)%nat -> inner (sub (xs i) (xs (S i))) (noise k) = 0) as all.
    { induction i as [i IH] using (well_founded_induction Wf_nat.lt_wf). intros early.
      rewrite (travels run i _ ltac:(lia)), (inner_comm _ (noise k)), noise_meets_gradient
        by (pose proof (reads_past i ltac:(lia)); lia).
      rewrite sum_zero.
      - assert (inner (noise k) (noises run i) = 0) as apart.
        { pose proof (noise_meets_noise k i early) as apart. unfold noise at 2 in apart.
          destruct (Nat.ltb_spec i T); [exact apart | lia]. }
        rewrite (inner_comm _ (noise k)), apart. ring.
      - intros l within. specialize (IH (i - l - 1)%nat ltac:(lia) ltac:(lia)).
        replace (S (i - l - 1)) with (i - l)%nat in IH by lia. rewrite inner_sub in *. replace (inner (xs (i - l)) (noise k))
          with (inner (xs (i - l - 1)) (noise k)) by lra. ring. }
    rewrite all by exact before. ring.
  - rewrite inner_noise. destruct (Nat.ltb_spec k T); [lia | reflexivity].
Qed.

Lemma noise_bounded : forall j, 0 <= n_ j <= sigma * sigma.
Proof.
  intros j. split; [apply square_nonneg |]. unfold n_, noise. destruct (Nat.ltb_spec j T) as [inside | over].
  - apply variance, inside.
  - unfold square. rewrite inner_zero. apply Rle_0_sqr.
Qed.

Lemma noise_none_after : forall j, (T <= j)%nat -> n_ j = 0.
Proof.
  intros j over. unfold n_, square. rewrite inner_noise. destruct (Nat.ltb_spec j T); [lia | reflexivity].
Qed.

Lemma none_where_quiet : sigma = 0 -> forall j (v : X), inner (noise j) v = 0.
Proof.
  intros still j v. apply null_is_orthogonal. pose proof (noise_bounded j) as [_ high]. unfold n_ in high.
  rewrite still in high. lra.
Qed.

(** Where there is noise there is a delay, and x_{k+1} is settled before the noise of g_k is drawn. *)
Lemma quiet_or_late : sigma = 0 \/ (1 <= D)%nat.
Proof.
  destruct (Rle_lt_or_eq_dec 0 sigma sigma_nonneg) as [noisy | still]; [right | left; auto].
  pose proof (late_where_noisy noisy). apply INR_le. rewrite staleness_less_one. simpl. lra.
Qed.

(** Squares and inner products of the state after a step. *)
Lemma inner_next : forall k i j, inner (p (S k) i) (p (S k) j) = inner (p k (S i)) (p k (S j))
  - M j * inner (p k (S i)) (d k) - M i * inner (d k) (p k (S j)) + M i * M j * inner (d k) (d k).
Proof.
  intros k i j. rewrite next_state, !(inner_comm _ (p (S k) j)), !next_state.
  rewrite (inner_comm (p k (S j)) (p k (S i))), (inner_comm (p k (S j)) (d k)), (inner_comm (d k) (p k (S i))). ring.
Qed.

(** {1 The storage} *)

Definition U (k : nat) : R := beta / 4 * energy (p k) a D.

Notation Q k := (inner (d k) (d k)).
Notation G k := (square (g k)).
Notation G_ k := (square (gradients run k)).
Notation turn k := (square (sub (g (S k)) (g k))).
(** The part of the decrease that is paid for in one step. *)
Definition paid (k : nat) : R :=
  step * (inner (g k) (d k) + inner (g (S k)) (d k)) / 2 + beta / 4 * (turn k - step ^ 2 * Q k).
(** The same with the gradients themselves. *)
Definition paid_ (k : nat) : R := step * (inner (gradients run k) (d k) + inner (gradients run (S k)) (d k)) / 2
  + beta / 4 * (square (sub (gradients run (S k)) (gradients run k)) - step ^ 2 * Q k).

Lemma paid_with_noise : forall k, paid k = paid_ k + beta / 4 * (n_ (k + D) + n_ (S k + D)).
Proof.
  intros k. unfold paid, paid_, g, n_. set (a_ := noise (k + D)). set (b_ := noise (S k + D)).
  assert (inner a_ (d k) = 0 /\ inner a_ (gradients run (S k)) = 0) as [a1 a2].
  { destruct quiet_or_late as [still | late]; [split; apply none_where_quiet, still |].
    split; [apply noise_meets_move | apply noise_meets_gradient]; lia. }
  assert (inner a_ (gradients run k) = 0) as a3 by (apply noise_meets_gradient; lia).
  assert (inner b_ (gradients run k) = 0) as b1 by (apply noise_meets_gradient; lia).
  assert (inner b_ (gradients run (S k)) = 0) as b2 by (apply noise_meets_gradient; lia).
  assert (inner b_ a_ = 0) as b3 by (apply noise_meets_noise; lia).
  assert (inner b_ (d k) = 0) as b4 by (apply noise_meets_move; lia).
  open_inner. rewrite (inner_comm (gradients run k) a_), (inner_comm (gradients run (S k)) a_), (inner_comm a_ b_),
    (inner_comm (gradients run k) b_), (inner_comm (gradients run (S k)) b_), a1, a2, a3, b1, b2, b3, b4. field.
Qed.

Lemma S_D : S D = s.
Proof. pose proof some_staleness. lia. Qed.

Section Step.
Context (k : nat) (inside : (k < T)%nat).

Notation y := (fun i => inner (p k i) (d k)).
Notation g' := (g (S k)).

(** |z_i|^2 and |z_{i+1} - z_i|^2 of z_i = p_i - mu_i d_k, where z_0 = 0; and |g_{k+1} - z_D|^2. *)
Definition Z (i : nat) : R := square (p k i) - 2 * (mu_ i * y i) + mu_ i * mu_ i * Q k.
Definition ZZ (i : nat) : R := square (sub (p k (S i)) (p k i)) - 2 * ((mu_ (S i) - mu_ i) * (y (S i) - y i))
  + (mu_ (S i) - mu_ i) * (mu_ (S i) - mu_ i) * Q k.
Definition last : R := turn k + 2 * mu_ D * (inner g' (d k) - inner (g k) (d k)) + mu_ D ^ 2 * Q k.

Lemma y_first : y 0%nat = Q k.
Proof. apply first_is_move, inside. Qed.

Lemma square_first : square (p k 0) = Q k.
Proof. unfold square. rewrite first_is_move, inner_comm, first_is_move by exact inside. reflexivity. Qed.

Lemma y_last : y D = inner (g k) (d k).
Proof. apply last_is_gradient. Qed.

Lemma square_last : forall l, square (p l D) = G l.
Proof. intros l. unfold square. rewrite last_is_gradient, inner_comm, last_is_gradient. reflexivity. Qed.

Lemma Z_first : Z 0 = 0.
Proof. unfold Z. rewrite square_first, y_first, mu_at_zero. ring. Qed.

Lemma ZZ_first : ZZ 0 = Z 1.
Proof.
  unfold ZZ, Z. rewrite square_sub, square_first, y_first, mu_at_zero.
  rewrite (inner_comm (p k 1) (p k 0)), first_is_move, (inner_comm (d k)) by exact inside. ring.
Qed.

Lemma next_square : forall i, (i < D)%nat -> square (p (S k) i) = Z (S i).
Proof.
  intros i before. unfold square at 1. rewrite inner_next. unfold M, Z.
  destruct (Nat.ltb_spec i D); [| lia]. rewrite (inner_comm (d k) (p k (S i))). unfold square. ring.
Qed.

Lemma next_turn : forall i, (S i < D)%nat -> square (sub (p (S k) (S i)) (p (S k) i)) = ZZ (S i).
Proof.
  intros i before. rewrite square_sub. unfold square at 1 2. rewrite !inner_next. unfold M, ZZ.
  destruct (Nat.ltb_spec i D); [| lia]. destruct (Nat.ltb_spec (S i) D); [| lia].
  rewrite square_sub, (inner_comm (d k) (p k (S (S i)))), (inner_comm (d k) (p k (S i))). unfold square. ring.
Qed.

Lemma next_last : forall i, D = S i -> square (sub (p (S k) D) (p (S k) i)) = last.
Proof.
  intros i size. rewrite square_sub, square_last, last_is_gradient.
  rewrite (inner_comm g' (p (S k) i)), next_state, (next_square i) by lia. rewrite <- size, last_is_gradient.
  unfold last, Z, M. destruct (Nat.ltb_spec i D); [| lia]. rewrite <- size, y_last, square_last.
  rewrite (square_sub _ g' (g k)), (inner_comm g' (g k)), (inner_comm (d k) g'). ring.
Qed.

Lemma energy_next : energy (p (S k)) a D = sum D ZZ + last - a * sum (S D) Z.
Proof.
  unfold energy. rewrite (sum_shift D Z), Z_first. destruct (Nat.eq_dec D 0) as [size | some].
  - pose proof (square_last (S k)) as alone. rewrite size in alone |- *. rewrite alone. simpl sum.
    unfold last. rewrite size, mu_at_zero.
    pose proof y_last as same. rewrite size, y_first in same. pose proof (square_last k) as same'.
    rewrite size, square_first in same'. rewrite square_sub, <- same, <- same'.
    replace (inner g' (g k)) with (inner g' (d k)); [ring |].
    pose proof (last_is_gradient k g') as seen. rewrite size, first_is_move in seen by exact inside.
    rewrite inner_comm, seen, inner_comm. reflexivity.
  - assert (exists e, D = S e) as [e size] by (exists (D - 1)%nat; lia). rewrite size.
    change (sum (S e) (fun i => square (sub (p (S k) (S i)) (p (S k) i))))
      with (sum e (fun i => square (sub (p (S k) (S i)) (p (S k) i))) + square (sub (p (S k) (S e)) (p (S k) e))).
    pose proof (next_last e size) as end_. rewrite size in end_. rewrite end_.
    rewrite (next_square 0) by lia. rewrite (sum_shift e ZZ), ZZ_first.
    rewrite (sum_ext e _ (fun i => ZZ (S i))) by (intros; apply next_turn; lia).
    rewrite (sum_ext (S e) (fun i => square (p (S k) i)) (fun i => Z (S i))) by (intros; apply next_square; lia). ring.
Qed.

(** What a step pays is W |g_k|^2 and what it puts into the storage. *)
Lemma balance : U (S k) - U k = paid k - W * G k.
Proof.
  unfold U. rewrite energy_next. unfold energy. rewrite square_first.
  pose proof (by_parts mu_ y a q mu_first mu_recurrence D) as mixed.
  pose proof (by_parts mu_ mu_ a q mu_first mu_recurrence D) as alone.
  cbv beta in mixed, alone. rewrite y_last, y_first in mixed. rewrite S_D, mu_turns, mu_at_zero in *.
  unfold ZZ at 1. rewrite sum_plus, sum_minus, (sum_scale D 2).
  rewrite (sum_ext D (fun i => (mu_ (S i) - mu_ i) * (mu_ (S i) - mu_ i) * Q k)
    (fun i => Q k * ((mu_ (S i) - mu_ i) * (mu_ (S i) - mu_ i)))) by (intros; ring).
  rewrite sum_scale. unfold Z. rewrite <- S_D, sum_plus, sum_minus, (sum_scale (S D) 2).
  rewrite (sum_ext (S D) (fun i => mu_ i * mu_ i * Q k) (fun i => Q k * (mu_ i * mu_ i))) by (intros; ring).
  rewrite sum_scale. rewrite S_D in *.
  assert (sum s (fun i => square (p k i)) = sum D (fun i => square (p k i)) + G k) as whole.
  { rewrite <- S_D at 1. change (sum (S D) (fun i => square (p k i))) with (sum D (fun i => square (p k i)) + square (p k D)).
    rewrite square_last. reflexivity. }
  rewrite whole. unfold paid, last. rewrite step_squared. pose proof curvature as curve. rewrite step_is.
  replace (W * G k) with (beta * a / 4 * G k) by (rewrite curve; field).
  set (m1 := sum D (fun i => (mu_ (S i) - mu_ i) * (y (S i) - y i))) in *.
  set (m2 := sum s (fun i => mu_ i * y i)) in *.
  set (m3 := sum D (fun i => (mu_ (S i) - mu_ i) * (mu_ (S i) - mu_ i))) in *.
  set (m4 := sum s (fun i => mu_ i * mu_ i)) in *.
  replace m1 with (a * m2 + (inner (g k) (d k) * (- mu_ D - mu_ D) - Q k * (1 - q))) by lra.
  replace m3 with (a * m4 + (mu_ D * (- mu_ D - mu_ D) - 1 * (1 - q))) by lra. field.
Qed.

(** The interpolation inequality of k and k + 1, and the Lipschitz condition beta - 1 times. *)
Lemma decrease : paid_ k <= L_method * (f k - f (S k)).
Proof.
  pose proof (interpolates run k (S k)) as here. pose proof (turns run k (S k)) as lip.
  pose proof (smoothness_positive run) as positive.
  pose proof L_method_large as large. pose proof L_method_positive as some. pose proof step_positive as long.
  pose proof beta_large as more. set (X := sub (xs k) (xs (S k))) in *.
  assert (forall v, inner v (d k) = L_method / step * inner v X) as seen
    by (intros; unfold d; apply inner_scale_right).
  assert (Q k = L_method ^ 2 / step ^ 2 * square X) as length
    by (rewrite seen, inner_comm, seen; unfold square; field; lra).
  assert (square (sub (gradients run k) (gradients run (S k))) = square (sub (gradients run (S k)) (gradients run k)))
    as same by (rewrite !square_sub, (inner_comm (gradients run k)); ring).
  cbv beta in *. rewrite same in *. rewrite inner_add in here. unfold paid_. rewrite length, !seen.
  pose proof (square_nonneg X) as sign. fold (square X) in sign.
  set (t := square (sub (gradients run (S k)) (gradients run k))) in *.
  set (i := inner (gradients run k) X) in *. set (j := inner (gradients run (S k)) X) in *.
  replace (step * (L_method / step * i + L_method / step * j) / 2
    + beta / 4 * (t - step ^ 2 * (L_method ^ 2 / step ^ 2 * square X)))
    with (L_method * (i + j) / 2 + beta / 4 * (t - L_method ^ 2 * square X)) by (field; lra).
  assert (L * L * square X <= L_method ^ 2 * square X) as wide.
  { apply Rmult_le_compat_r; [exact sign |]. replace (L_method ^ 2) with (L_method * L_method) by ring.
    apply Rmult_le_compat; lra. }
  apply Rle_trans with (L_method * ((i + j) / 2 + (t - L * L * square X) / (4 * L))); [| apply Rmult_le_compat_l; lra].
  assert (beta / 4 * (t - L_method ^ 2 * square X) <= 1 / 4 * (t - L_method ^ 2 * square X)) as once.
  { assert (0 <= (beta - 1) * (L_method ^ 2 * square X - t)) by (apply Rmult_le_pos; lra). lra. }
  apply Rle_trans with (1 := Rplus_le_compat_l _ _ _ once).
  assert (1 / 4 * (t - L_method ^ 2 * square X) <= L_method * ((t - L * L * square X) / (4 * L))) as weak; [| lra].
  apply Rmult_le_reg_l with (4 * L); [lra |].
  replace (4 * L * (1 / 4 * (t - L_method ^ 2 * square X))) with (L * t - L * L_method * L_method * square X) by field.
  replace (4 * L * (L_method * ((t - L * L * square X) / (4 * L)))) with (L_method * t - L_method * (L * L * square X))
    by (field; lra).
  assert (0 <= t) by apply square_nonneg.
  assert (0 <= (L_method - L) * (t + L * L_method * square X)).
  { apply Rmult_le_pos; [lra |]. apply Rplus_le_le_0_compat; [assumption |].
    apply Rmult_le_pos; [apply Rmult_le_pos; lra | exact sign]. }
  lra.
Qed.

End Step.

(** {1 The ends} *)

Lemma end_weight : beta / 4 * (1 - S_ D / S_ s) = c / 2.
Proof. pose proof last_weight. lra. Qed.

Lemma at_end : c / 2 * G T <= U T.
Proof.
  unfold U. rewrite <- end_weight.
  pose proof (energy_low (p T) S_ a S_recurrence) as low. unfold S_ at 1 in low. simpl INR in low.
  rewrite Rmult_0_l, sin_0 in low. specialize (low eq_refl D). rewrite S_D in low.
  specialize (low S_positive). rewrite square_last in low. pose proof beta_large.
  rewrite Rmult_assoc. apply Rmult_le_compat_l; [lra | exact low].
Qed.

Lemma at_start : U 0 = c / 2 * G_ 0%nat + beta / 4 * ((2 - a) * sum D (fun i => rho i ^ 2 * n_ i) + n_ D).
Proof.
  assert (0 < S_ s) as some by (apply S_positive; pose proof some_staleness; lia).
  assert (S_ 0 = 0) as none by (unfold S_; simpl; rewrite Rmult_0_l; apply sin_0).
  assert (forall i j, (i <= D)%nat -> (j <= D)%nat ->
    inner (p 0 i) (p 0 j) = S_ (S i) / S_ s * (S_ (S j) / S_ s) * (G_ 0%nat + inner (noise i) (noise j))) as seen.
  { intros i j one other. rewrite start_state, !(inner_comm _ (p 0 j)), !start_state by assumption.
    rewrite (inner_comm (gradients run 0) (noise i)), !noise_meets_gradient, (inner_comm (noise j)) by lia.
    unfold square. ring. }
  unfold U. rewrite (energy_of_start (p 0) S_ a S_recurrence none (G_ 0%nat / S_ s ^ 2) (fun i => n_ i / S_ s ^ 2) D);
    [| intros i inside; unfold square at 1; rewrite seen by lia; unfold n_, square; field; lra | | lia].
  - rewrite S_D. rewrite (sum_ext D (fun i => rho i ^ 2 * n_ i) (fun i => / S_ s ^ 2 * (S_ (S i) ^ 2 * n_ i)))
      by (intros; rewrite rho_is by lia; field; lra).
    rewrite (sum_ext D (fun i => S_ (S i) ^ 2 * (n_ i / S_ s ^ 2)) (fun i => / S_ s ^ 2 * (S_ (S i) ^ 2 * n_ i)))
      by (intros; field; lra).
    rewrite !sum_scale, <- end_weight. field. lra.
  - intros i inside. rewrite square_sub. unfold square. rewrite !seen, (noise_meets_noise (S i) i) by lia.
    unfold n_, square. field. lra.
Qed.

(** What the noise of a step counts for. *)
Definition share : R := beta / 2 - W.

Lemma share_is : beta / 4 * (2 - a) = share.
Proof. pose proof curvature. unfold share. lra. Qed.

Lemma share_nonneg : (1 <= D)%nat -> 0 <= share.
Proof.
  intros late. rewrite <- share_is. pose proof beta_large. apply Rmult_le_pos; [lra |]. unfold a.
  replace (2 - (2 - 2 * cos theta)) with (2 * cos theta) by ring.
  pose proof theta_high as top. pose proof theta_positive. pose proof PI_RGT_0.
  apply (le_INR 1 D) in late. rewrite staleness_less_one in late. simpl in late.
  assert (2 * theta <= PI).
  { apply Rle_trans with (2 := top). apply Rmult_le_compat_r; lra. }
  apply Rmult_le_pos; [lra |]. apply cos_ge_0; lra.
Qed.

Lemma sum_split : forall m n (h : nat -> R), sum (n + m) h = sum m h + sum n (fun k => h (k + m)%nat).
Proof.
  induction n as [| n IH]; intros h; simpl; [ring |]. rewrite IH. ring.
Qed.

(** All that the noise costs: its share in every step, of the noise before the last step. *)
Lemma noise_counts :
  beta / 4 * sum T (fun k => n_ (k + D) + n_ (S k + D)) - W * sum T (fun k => n_ (k + D)) + beta / 4 * n_ D
  + beta / 4 * (2 - a) * sum D (fun i => rho i ^ 2 * n_ i) <= sigma ^ 2 * share * sum T (fun k => rho k ^ 2).
Proof.
  assert (sum T (fun k => n_ (S k + D)) = sum T (fun k => n_ (k + D)) - n_ D) as next.
  { pose proof (sum_shift T (fun k => n_ (k + D))) as shift. simpl in shift. rewrite noise_none_after in shift by lia.
    change (fun k => n_ (S k + D)) with (fun k => n_ (S (k + D))). lra. }
  rewrite sum_plus, next, share_is.
  apply Rle_trans with (share * sum T (fun k => rho k ^ 2 * n_ k)).
  - apply Req_le. pose proof (sum_split D T (fun k => rho k ^ 2 * n_ k)) as early.
    pose proof (sum_split T D (fun k => rho k ^ 2 * n_ k)) as late. rewrite Nat.add_comm, late in early.
    rewrite (sum_zero D (fun k => rho (k + T) ^ 2 * n_ (k + T))) in early
      by (intros; rewrite (noise_none_after (_ + T)) by lia; ring).
    rewrite (sum_ext T (fun k => rho (k + D) ^ 2 * n_ (k + D)) (fun k => n_ (k + D))) in early
      by (intros; unfold rho; destruct (Nat.ltb_spec (k + D) D); [lia | ring]).
    unfold share. replace (sum T (fun k => rho k ^ 2 * n_ k))
      with (sum D (fun k => rho k ^ 2 * n_ k) + sum T (fun k => n_ (k + D))) by lra. field.
  - replace (sigma ^ 2 * share * sum T (fun k => rho k ^ 2)) with (share * sum T (fun k => sigma ^ 2 * rho k ^ 2))
      by (rewrite sum_scale; ring).
    destruct quiet_or_late as [still | late].
    + rewrite !sum_zero; [lra | intros; rewrite still; ring |].
      intros. unfold n_, square. rewrite (none_where_quiet still). ring.
    + apply Rmult_le_compat_l; [apply share_nonneg, late |]. apply sum_le. intros k _. rewrite Rmult_comm.
      apply Rmult_le_compat_r; [apply pow2_ge_0 |]. pose proof (noise_bounded k). lra.
Qed.

(** {1 The theorem} *)

Definition value : R := (L_method * Delta + sigma ^ 2 * share * sum T (fun k => rho k ^ 2)) / (W * INR T + 1 / 2).

(** The weight of x_0 is W - c/2, and that of x_T is (1 + c)/2. *)
Theorem counter_momentum : (exists t, (t <= T)%nat /\ G_ t <= value)
  /\ weighed_to_last (fun t => W - (1 - previous (fun _ => 1) t) * (c / 2)) (W * INR T + 1 / 2) value (fun t => G_ t).
Proof.
  pose proof L_method_positive as some. pose proof L_method_large as large.
  pose proof (smoothness_positive run) as positive.
  assert (0 < W) as weight by (apply Rmult_lt_0_compat; [apply whole_positive | apply half_positive]).
  assert (forall k, G k = G_ k + n_ (k + D)) as parts_of_square.
  { intros k. unfold g. rewrite square_add, inner_comm, noise_meets_gradient by lia. unfold n_. ring. }
  assert (sum T (fun k => W * G_ k) + W * sum T (fun k => n_ (k + D)) + (U T - U 0)
    - beta / 4 * sum T (fun k => n_ (k + D) + n_ (S k + D)) <= L_method * (f 0%nat - f T)) as travelled.
  { assert (U T - U 0 = sum T (fun k => U (S k) - U k)) as parts.
    { pose proof (sum_telescopes T U) as ends. rewrite sum_minus in ends. rewrite sum_minus. lra. }
    rewrite parts, <- (sum_telescopes T f), <- !sum_scale, <- !sum_plus, <- sum_minus. apply sum_le. intros k inside.
    rewrite balance by exact inside. pose proof (decrease k). rewrite paid_with_noise, parts_of_square. cbv beta in *. lra. }
  pose proof (falls_to_below run T) as down. pose proof at_end as last_. rewrite at_start in travelled.
  rewrite parts_of_square, noise_none_after, Rplus_0_r in last_ by lia.
  pose proof two_cosines as cosines. pose proof theta_low. pose proof theta_high. pose proof noise_counts as counted.
  assert (cos ((INR s + 1 / 2) * theta) <= 0) as sign.
  { pose proof PI_RGT_0. apply cos_le_0; lra. }
  assert (-1 <= c) as bounded by apply COS_bound.
  assert (G_ T / 2 <= L_method * (f T - (f 0%nat - Delta))) as ended.
  { assert (0 <= G_ T) by apply square_nonneg.
    apply Rle_trans with (L_method * (G_ T / (2 * L))); [| apply Rmult_le_compat_l; cbv beta in *; lra].
    apply Rmult_le_reg_l with (2 * L); [lra |].
    replace (2 * L * (G_ T / 2)) with (L * G_ T) by field.
    replace (2 * L * (L_method * (G_ T / (2 * L)))) with (L_method * G_ T) by (field; lra).
    apply Rmult_le_compat_r; lra. }
  assert (0 < W * INR T + 1 / 2) as whole.
  { assert (0 <= W * INR T) by (apply Rmult_le_pos; [lra | apply pos_INR]). lra. }
  apply by_weights_to_last with (last := (1 + c) / 2) (above := L_method * Delta + sigma ^ 2 * share * sum T (fun k => rho k ^ 2)).
  - intros [| t] _; simpl; lra.
  - lra.
  - pose proof some_step as steps. unfold total. destruct T as [| n]; [lia |]. rewrite sum_shift, S_INR. simpl previous.
    rewrite (sum_ext n _ (fun _ => W)) by (intros; ring). rewrite sum_const. field.
  - exact whole.
  - assert (total (fun t => (W - (1 - previous (fun _ => 1) t) * (c / 2)) * G_ t)
      = sum T (fun k => W * G_ k) - c / 2 * G_ 0%nat) as weighed.
    { pose proof some_step as steps. unfold total. destruct T as [| n]; [lia |]. rewrite !sum_shift. simpl previous.
      rewrite (sum_ext n _ (fun k => W * G_ (S k))) by (intros; ring). ring. }
    rewrite weighed. cbv beta in *. lra.
  - apply Req_le. unfold value. field. lra.
Qed.

End CounterMomentum.
