(** Counter-momentum: theory/bounds/counter_momentum.py. *)

From Coq Require Import Reals Lra Lia Arith.
From Gradlag Require Import Sums Space Objective Setting MovingRun.
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

(** With p_i = S_{i+1} u it is just that. *)
Lemma energy_of_start : forall (u : X), (forall i, square (p i) = S_ (S i) ^ 2 * square u) ->
  (forall i, square (sub (p (S i)) (p i)) = (S_ (S (S i)) - S_ (S i)) ^ 2 * square u) ->
  forall d, energy d = (S_ (S d) ^ 2 - S_ d * S_ (S d)) * square u.
Proof.
  intros u lengths turns. unfold energy. induction d as [| d IH].
  - simpl. rewrite lengths, at_zero. ring.
  - change (sum (S d) (fun i => square (sub (p (S i)) (p i))))
      with (sum d (fun i => square (sub (p (S i)) (p i))) + square (sub (p (S d)) (p d))).
    change (sum (S d) (fun i => square (p i))) with (sum d (fun i => square (p i)) + square (p d)).
    rewrite turns, (lengths d).
    specialize (recurrence d). replace (S_ d) with ((2 - a) * S_ (S d) - S_ (S (S d))) in IH by lra.
    replace ((S_ (S (S d)) ^ 2 - S_ (S d) * S_ (S (S d))) * square u)
      with ((S_ (S d) ^ 2 - ((2 - a) * S_ (S d) - S_ (S (S d))) * S_ (S d)) * square u
        + (S_ (S (S d)) - S_ (S d)) ^ 2 * square u - a * (S_ (S d) ^ 2 * square u)) by ring.
    rewrite <- IH. ring.
Qed.
End Ends.

Section CounterMomentum.
Context {N : Setting} (run : Moving N) (theta : R).

Notation D := (s - 1)%nat.
Notation xs := (x run).
Notation g := (fun k => grad run (x run k)).
Notation f := (fun k => F run (x run k)).

Definition whole_less_half : R := sin ((INR s - 1 / 2) * theta).
Definition W : R := sin (INR s * theta) * sin (theta / 2).
Definition L_method : R := sin theta / whole_less_half / eta 0.

Hypothesis positive : 0 < L.
Hypothesis is_smooth : smooth run.
Hypothesis is_below : bounded_below run.
Hypothesis one_delay : forall k, (k < T)%nat -> tau k = (k - D)%nat.
Hypothesis angle : PI / (2 * INR s + 1) <= theta <= 2 * PI / (2 * INR s + 1).
Hypothesis soft : forall k, (k < T)%nat -> eta k = sin (Rmin (INR (S k)) (INR s) * theta) / sin theta * eta 0.
Hypothesis back : forall k, (k < T)%nat ->
  moves run k = sin ((INR s - 1 / 2 - Rmin (INR (S k)) (INR s - 1 / 2)) * theta) / whole_less_half.
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

(** x_k - x_{k+1} is (step/L) d_k. *)
Definition d (k : nat) : space run := scale (L_method / step) (sub (xs k) (xs (S k))).
Definition gamma (p : nat) : space run := if (p <? D)%nat then scale (S_ (S p) / S_ s) (g 0%nat) else g (p - D)%nat.
(** What a step takes back of the move j + 1 steps before. *)
Definition M (j : nat) : R := if (j <? D)%nat then mu_ (S j) else 0.
Definition p (k i : nat) : space run := sub (gamma (k + i)) (vsum k (fun j => scale (M (i + j)) (d (k - j - 1)))).

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

Lemma moves_are : forall j, (j < T)%nat -> moves run j = M j.
Proof.
  intros j inside. pose proof less_half_positive as some. rewrite back by exact inside. unfold M, mu_. f_equal.
  destruct (Nat.ltb_spec j D) as [young | old].
  - apply (le_INR (S j)) in young. rewrite staleness_less_one in young. rewrite Rmin_left by lra. reflexivity.
  - apply le_INR in old. rewrite staleness_less_one in old. rewrite S_INR, Rmin_right by lra.
    replace ((INR s - 1 / 2 - (INR s - 1 / 2)) * theta) with 0 by ring. rewrite sin_0. unfold Rdiv. ring.
Qed.

Lemma steps_are : forall k, (k < T)%nat ->
  eta k * L_method / step = if (k <? D)%nat then S_ (S k) / S_ s else 1.
Proof.
  intros k inside. pose proof less_half_positive as some. pose proof whole_positive. pose proof one_positive as one.
  rewrite soft by exact inside. unfold L_method, step, S_.
  destruct (Nat.ltb_spec k D) as [early | late].
  - rewrite Rmin_left by (apply le_INR; lia). field. repeat split; lra.
  - rewrite Rmin_right by (apply le_INR; pose proof some_staleness; lia). field. repeat split; lra.
Qed.

Lemma inner_p : forall k i (v : space run), inner (p k i) v
  = inner (gamma (k + i)) v - sum k (fun j => M (i + j) * inner (d (k - j - 1)) v).
Proof.
  intros k i v. unfold p. rewrite inner_sub, inner_vsum. f_equal. apply sum_ext. intros. apply inner_scale.
Qed.

Lemma first_is_move : forall k (v : space run), (k < T)%nat -> inner (p k 0) v = inner (d k) v.
Proof.
  intros k v inside. rewrite inner_p. unfold d at 2. rewrite inner_scale, inner_sub, (iteration run k inside).
  rewrite !inner_sub, inner_scale, inner_vsum.
  rewrite (sum_ext k (fun j => inner (scale (moves run j) (sub (xs (k - j)) (xs (k - j - 1)))) v)
    (fun j => - (step / L_method) * (M (0 + j) * inner (d (k - j - 1)) v))).
  - rewrite sum_scale. pose proof step_positive. pose proof L_method_positive.
    assert (inner (gamma (k + 0)) v = eta k * L_method / step * inner (grad run (x run (tau k))) v) as here.
    { rewrite steps_are, one_delay by exact inside. unfold gamma. rewrite Nat.add_0_r.
      destruct (Nat.ltb_spec k D) as [early | late]; [| ring].
      rewrite inner_scale. replace (k - D)%nat with 0%nat by lia. reflexivity. }
    rewrite here. field. lra.
  - intros j before. rewrite inner_scale, moves_are by lia. unfold d. rewrite inner_scale.
    replace (S (k - j - 1)) with (k - j)%nat by lia. rewrite !inner_sub. pose proof step_positive.
    pose proof L_method_positive. simpl (0 + j)%nat. field. lra.
Qed.

Lemma next_state : forall k i (v : space run), inner (p (S k) i) v = inner (p k (S i)) v - M i * inner (d k) v.
Proof.
  intros k i v. rewrite !inner_p, sum_shift. replace (S k + i)%nat with (k + S i)%nat by lia.
  rewrite (sum_ext k (fun j => M (i + S j) * inner (d (S k - S j - 1)) v)
    (fun j => M (S i + j) * inner (d (k - j - 1)) v)).
  - rewrite Nat.add_0_r. replace (S k - 0 - 1)%nat with k by lia. ring.
  - intros j _. replace (i + S j)%nat with (S i + j)%nat by lia. reflexivity.
Qed.

Lemma last_is_gradient : forall k (v : space run), inner (p k D) v = inner (g k) v.
Proof.
  intros k v. rewrite inner_p, sum_zero.
  - unfold gamma. destruct (Nat.ltb_spec (k + D) D); [lia |]. replace (k + D - D)%nat with k by lia. ring.
  - intros j _. unfold M. destruct (Nat.ltb_spec (D + j) D); [lia | ring].
Qed.

Lemma start_state : forall i (v : space run), (i <= D)%nat -> inner (p 0 i) v = S_ (S i) / S_ s * inner (g 0%nat) v.
Proof.
  intros i v inside. rewrite inner_p. simpl. unfold gamma. destruct (Nat.ltb_spec i D) as [early | late].
  - rewrite inner_scale. ring.
  - replace i with D by lia. replace (D - D)%nat with 0%nat by lia. replace (S D) with s by (pose proof some_staleness; lia).
    pose proof (S_positive s ltac:(pose proof some_staleness; lia)). unfold Rdiv. rewrite Rinv_r by lra. ring.
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
Notation turn k := (square (sub (g (S k)) (g k))).
(** The part of the decrease that is paid for in one step. *)
Definition paid (k : nat) : R :=
  step * (inner (g k) (d k) + inner (g (S k)) (d k)) / 2 + beta / 4 * (turn k - step ^ 2 * Q k).

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
Lemma decrease : paid k <= L_method * (f k - f (S k)).
Proof.
  pose proof (interpolation (F run) (grad run) L (gradient run) is_smooth positive (xs k) (xs (S k))) as here.
  pose proof (lipschitz_squared (grad run) L is_smooth (xs k) (xs (S k))) as lip.
  pose proof L_method_large as large. pose proof L_method_positive as some. pose proof step_positive as long.
  pose proof beta_large as more. set (X := sub (xs k) (xs (S k))) in *.
  assert (forall v, inner v (d k) = L_method / step * inner v X) as seen
    by (intros; unfold d; apply inner_scale_right).
  assert (Q k = L_method ^ 2 / step ^ 2 * square X) as length
    by (rewrite seen, inner_comm, seen; unfold square; field; lra).
  assert (square (sub (g k) (g (S k))) = turn k) as same by (rewrite !square_sub, (inner_comm (g k)); ring).
  cbv beta in *. rewrite same in *. rewrite inner_add in here. unfold paid. rewrite length, !seen.
  pose proof (square_nonneg X) as sign. fold (square X) in sign.
  set (t := turn k) in *. set (i := inner (grad run (x run k)) X) in *. set (j := inner (grad run (x run (S k))) X) in *.
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

Lemma at_start : U 0 = c / 2 * G 0%nat.
Proof.
  assert (0 < S_ s) as some by (apply S_positive; pose proof some_staleness; lia).
  assert (S_ 0 = 0) as none by (unfold S_; simpl; rewrite Rmult_0_l; apply sin_0).
  set (start := fun i => scale (S_ (S i)) (scale (1 / S_ s) (g 0%nat))).
  assert (forall i (v : space run), (i <= D)%nat -> inner (p 0 i) v = inner (start i) v) as same.
  { intros i v inside. rewrite start_state by exact inside. unfold start. rewrite !inner_scale. field. lra. }
  assert (energy (p 0) a D = energy start a D) as same'.
  { unfold energy. f_equal; [f_equal |].
    - unfold square. rewrite same, inner_comm, same by lia. reflexivity.
    - apply sum_ext. intros i inside. rewrite !square_sub. unfold square.
      rewrite !same, !(inner_comm _ (p 0 _)), !same by lia. rewrite (inner_comm (start i) (start (S i))). reflexivity.
    - f_equal. apply sum_ext. intros i inside. unfold square. rewrite same, inner_comm, same by lia. reflexivity. }
  unfold U. rewrite same', (energy_of_start start S_ a S_recurrence none (scale (1 / S_ s) (g 0%nat))).
  - rewrite S_D, square_scale, <- end_weight. field. lra.
  - intros i. unfold start. rewrite square_scale. ring.
  - intros i. unfold start. rewrite square_sub, inner_scale, inner_scale_right, !(square_scale _ (S_ _)). unfold square. ring.
Qed.

(** {1 The theorem} *)

Theorem counter_momentum : exists t, (t <= T)%nat /\ mean_square run t <= L_method * Delta / (W * INR T + 1 / 2).
Proof.
  pose proof L_method_positive as some. pose proof L_method_large as large.
  assert (0 < W) as weight by (apply Rmult_lt_0_compat; [apply whole_positive | apply half_positive]).
  assert (sum T (fun k => W * G k) + (U T - U 0) <= L_method * (f 0%nat - f T)) as travelled.
  { assert (U T - U 0 = sum T (fun k => U (S k) - U k)) as parts.
    { pose proof (sum_telescopes T U) as ends. rewrite sum_minus in ends. rewrite sum_minus. lra. }
    rewrite parts, <- sum_plus, <- (sum_telescopes T f), <- sum_scale. apply sum_le. intros k inside.
    rewrite balance by exact inside. pose proof (decrease k). lra. }
  destruct (falls (F run) (grad run) L (gradient run) is_smooth positive (xs T)) as [below down].
  pose proof (is_below below) as gap. pose proof at_end as last_. rewrite at_start in travelled.
  pose proof two_cosines as cosines. pose proof theta_low. pose proof theta_high.
  assert (cos ((INR s + 1 / 2) * theta) <= 0) as sign.
  { pose proof PI_RGT_0. apply cos_le_0; lra. }
  assert (-1 <= c) as bounded by apply COS_bound.
  assert (G T / 2 <= L_method * (f T - F run below)) as ended.
  { assert (0 <= G T) by apply square_nonneg.
    apply Rle_trans with (L_method * (G T / (2 * L))); [| apply Rmult_le_compat_l; cbv beta in *; lra].
    apply Rmult_le_reg_l with (2 * L); [lra |].
    replace (2 * L * (G T / 2)) with (L * G T) by field.
    replace (2 * L * (L_method * (G T / (2 * L)))) with (L_method * G T) by (field; lra).
    apply Rmult_le_compat_r; lra. }
  apply (best_point T (fun t => if (t =? 0)%nat then W - c / 2 else W) (mean_square run) ((1 + c) / 2)).
  - intros t _. destruct (t =? 0)%nat; lra.
  - lra.
  - pose proof some_step as steps. destruct T as [| n]; [lia |]. rewrite sum_shift, S_INR. simpl Nat.eqb. cbv iota beta.
    rewrite sum_const. field.
  - pose proof (le_INR 1 T some_step) as steps. simpl in steps. assert (0 <= W * INR T) by (apply Rmult_le_pos; lra). lra.
  - assert (sum T (fun t => (if (t =? 0)%nat then W - c / 2 else W) * mean_square run t)
      = sum T (fun k => W * G k) - c / 2 * G 0%nat) as weighed.
    { pose proof some_step as steps. destruct T as [| n]; [lia |]. rewrite !sum_shift. simpl Nat.eqb. cbv iota beta.
      unfold mean_square. cbv beta. ring. }
    rewrite weighed. unfold mean_square at 1.
    assert (L_method * (f 0%nat - F run below) <= L_method * Delta) by (apply Rmult_le_compat_l; lra).
    cbv beta in *. lra.
Qed.

End CounterMomentum.
