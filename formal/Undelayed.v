(** Gradient descent without delay, one step of at most 2/L: theory/bounds/rotaru2024.py. *)

From Coq Require Import Reals Lra Lia Arith Psatz.
From Gradlag Require Import Sums Space Setting Run.
Open Scope R_scope.

Section Undelayed.
Context {N : Setting} (run : Trace N).

Notation g := (gradients run).
Notation x := (points run).
Notation G k := (square (g k)).
Notation next k := (inner (g k) (g (S k))).

Definition h : R := L * eta 0.
Definition f (k : nat) : R := L * heights run k.
Definition w : R := Rmax (h - 1) (1 / 2) ^ 2.
Definition u (k : nat) : R := 2 * w ^ S k / (1 + (w / (1 + h) ^ 2) ^ S k).
Definition p : R := h * (2 - Rmax h (h ^ 2) / 2).
Definition counted (n : nat) : R := sum n (fun k => 1 / Rmax 1 (u k)).

Hypothesis still : sigma = 0.
Hypothesis one_step : forall k, (k < T)%nat -> eta k = eta 0.
Hypothesis prompt : forall k, (k < T)%nat -> tau k = k.
Hypothesis short : h <= 2.

Lemma h_nonneg : 0 <= h.
Proof.
  pose proof (smoothness_positive run). pose proof some_step. pose proof (steps_nonneg 0 ltac:(lia)).
  apply Rmult_le_pos; lra.
Qed.

Lemma spare : forall a b, a <= b -> 0 <= b - a.
Proof. intros. lra. Qed.

(** {1 Pairs of points} *)

Lemma moved : forall k v, (k < T)%nat -> inner (sub (x k) (x (S k))) v = eta 0 * inner (g k) v.
Proof.
  intros k v inside. rewrite (moves run k v inside), (prompt k inside), (one_step k inside).
  rewrite (null_is_orthogonal _ (noises run k) v); [ring |].
  pose proof (variance run k inside) as small. rewrite still in small. lra.
Qed.

(** What the interpolation inequality of two points says, either way round, if they are eta v apart. *)
Lemma pair_of : forall a b v, (forall y, inner (sub (x a) (x b)) y = eta 0 * inner v y) ->
  h * (inner (g a) v + inner (g b) v) / 2 + (G a - 2 * inner (g a) (g b) + G b - h ^ 2 * square v) / 4 <= f a - f b /\
  - h * (inner (g a) v + inner (g b) v) / 2 + (G a - 2 * inner (g a) (g b) + G b - h ^ 2 * square v) / 4 <= f b - f a.
Proof.
  intros a b v apart. pose proof (smoothness_positive run) as positive.
  assert (forall y, inner (sub (x b) (x a)) y = - eta 0 * inner v y) as back.
  { intros y. specialize (apart y). rewrite inner_sub in *. lra. }
  pose proof (interpolates run a b) as one. pose proof (interpolates run b a) as other.
  rewrite inner_comm in one, other. rewrite inner_add_right in one, other.
  assert (square (sub (x a) (x b)) = eta 0 ^ 2 * square v) as length.
  { unfold square at 1. rewrite apart, inner_comm, apart. unfold square. ring. }
  assert (square (sub (x b) (x a)) = eta 0 ^ 2 * square v) as length'.
  { unfold square at 1. rewrite back, inner_comm, back. unfold square. ring. }
  assert (forall c y z, c + (y - L * L * (eta 0 ^ 2 * square v)) / (4 * L) <= z ->
    L * c + (y - h ^ 2 * square v) / 4 <= L * z) as scaled.
  { intros c y z below. apply (Rmult_le_compat_l L) in below; [| lra]. unfold h.
    replace (L * c + (y - (L * eta 0) ^ 2 * square v) / 4)
      with (L * (c + (y - L * L * (eta 0 ^ 2 * square v)) / (4 * L))) by (field; lra). exact below. }
  rewrite !apart, length, square_sub, !(inner_comm v) in one.
  rewrite !back, length', square_sub, !(inner_comm v), (inner_comm (g b) (g a)) in other.
  apply scaled in one. apply scaled in other. unfold f, h in *. lra.
Qed.

Lemma pair : forall k, (k < T)%nat ->
  h * (G k + next k) / 2 + (G k - 2 * next k + G (S k) - h ^ 2 * G k) / 4 <= f k - f (S k) /\
  - h * (G k + next k) / 2 + (G k - 2 * next k + G (S k) - h ^ 2 * G k) / 4 <= f (S k) - f k.
Proof.
  intros k inside. pose proof (pair_of k (S k) (g k) (fun v => moved k v inside)) as both.
  rewrite (inner_comm (g (S k)) (g k)) in both. exact both.
Qed.

Definition two (k : nat) : R := G k + next k + inner (g k) (g (S (S k))) + next (S k).

Lemma pair_of_two : forall k, (S k < T)%nat ->
  h * two k / 2 + (G k - 2 * inner (g k) (g (S (S k))) + G (S (S k)) - h ^ 2 * (G k + 2 * next k + G (S k))) / 4
    <= f k - f (S (S k)) /\
  - h * two k / 2 + (G k - 2 * inner (g k) (g (S (S k))) + G (S (S k)) - h ^ 2 * (G k + 2 * next k + G (S k))) / 4
    <= f (S (S k)) - f k.
Proof.
  intros k inside.
  assert (forall v, inner (sub (x k) (x (S (S k)))) v = eta 0 * inner (add (g k) (g (S k))) v) as apart.
  { intros v. pose proof (moved k v ltac:(lia)) as one. pose proof (moved (S k) v inside) as other.
    rewrite inner_sub in *. rewrite inner_add. lra. }
  pose proof (pair_of k (S (S k)) _ apart) as both. rewrite square_add, !inner_add_right in both.
  rewrite (inner_comm (g (S (S k))) (g k)), (inner_comm (g (S (S k))) (g (S k))) in both. unfold two.
  fold (square (g k)) in both. lra.
Qed.

(** A step that is worth its own gradient and the next: step 1. *)
Lemma single : forall k, (k < T)%nat -> h / 4 * ((3 - Rmax h (h ^ 2)) * G k + G (S k)) <= f k - f (S k).
Proof.
  intros k inside. destruct (pair k inside) as [one other]. pose proof h_nonneg as sign.
  pose proof (square_nonneg (sub (g k) (g (S k)))) as turn. fold (square (sub (g k) (g (S k)))) in turn.
  rewrite square_sub in turn. destruct (Rle_dec h 1) as [small | large].
  - rewrite Rmax_left by nra.
    assert (0 <= (1 - h) * (G k - 2 * next k + G (S k))) by (apply Rmult_le_pos; lra).
    assert (0 <= square (g k)) by apply square_nonneg. lra.
  - rewrite Rmax_right by nra.
    (* (h - 1)/2 times both ways round: |delta|^2 h^2 weighs no more than it costs. *)
    apply (Rmult_le_compat_l ((h + 1) / 2)) in one; [| lra]. apply (Rmult_le_compat_l ((h - 1) / 2)) in other; [| lra].
    lra.
Qed.

(** The least of the squares up to x_n. *)
Section Least.
Context (M : R) (low : forall t, (t <= T)%nat -> M <= G t) (M_nonneg : 0 <= M).

Lemma singles : 0 <= 3 - Rmax h (h ^ 2) -> forall n, (n <= T)%nat -> INR n * (p / 2) * M <= f 0 - f n.
Proof.
  intros sign. induction n as [| n IH]; intros inside; [simpl; lra |]. rewrite S_INR.
  pose proof (IH ltac:(lia)) as before. pose proof (single n ltac:(lia)) as step. pose proof h_nonneg.
  pose proof (low n ltac:(lia)). pose proof (low (S n) inside).
  assert (h / 4 * ((3 - Rmax h (h ^ 2)) * M + M) <= h / 4 * ((3 - Rmax h (h ^ 2)) * G n + G (S n))) as less.
  { apply Rmult_le_compat_l; [lra |]. apply Rplus_le_compat; [apply Rmult_le_compat_l |]; lra. }
  unfold p in *. lra.
Qed.

End Least.

(** {1 Long steps} *)

Section Long.
Hypothesis long : 3 < h ^ 2.

Definition r : R := h - 1.
Definition q : R := h + 1.
Definition A (k : nat) : R := (/ r ^ 2) ^ k.
Definition B (k : nat) : R := (/ q ^ 2) ^ k.
Definition Q (k : nat) : R := (A k + B k) / 2.
Definition t_ (k : nat) : R := (1 - Q k) / (2 * h ^ 2).

Lemma h_large : 17 / 10 < h.
Proof. pose proof h_nonneg. nra. Qed.

Lemma A_next : forall k, A (S k) = A k / r ^ 2.
Proof. intros. unfold A. rewrite <- tech_pow_Rmult. unfold Rdiv. ring. Qed.

Lemma B_next : forall k, B (S k) = B k / q ^ 2.
Proof. intros. unfold B. rewrite <- tech_pow_Rmult. unfold Rdiv. ring. Qed.

Lemma A_large : forall k, 1 <= A k.
Proof.
  intros k. pose proof h_large. apply pow_R1_Rle. rewrite <- Rinv_1.
  apply Rinv_le_contravar; unfold r; nra.
Qed.

Lemma B_small : forall k, 0 < B k <= 1.
Proof.
  intros k. pose proof h_large. assert (0 < / q ^ 2 <= 1) as base.
  { split; [apply Rinv_0_lt_compat; unfold q; nra |]. rewrite <- Rinv_1. apply Rinv_le_contravar; unfold q; nra. }
  split; [apply pow_lt; lra |]. unfold B. rewrite <- (pow1 k). apply pow_incr. lra.
Qed.

Lemma t_range : forall k, Q k <= 1 -> 0 <= t_ k /\ h ^ 2 * t_ k <= 1 / 2.
Proof.
  intros k below. pose proof h_large. pose proof (A_large k). pose proof (B_small k). unfold t_. split.
  - apply Rmult_le_pos; [lra |]. apply Rlt_le, Rinv_0_lt_compat. nra.
  - replace (h ^ 2 * ((1 - Q k) / (2 * h ^ 2))) with ((1 - Q k) / 2) by (field; lra). unfold Q. lra.
Qed.

(** Step 2. *)
Definition stored (k : nat) : R := f 0 - f k + 2 * t_ k * (f k - f (S k))
  - ((A k - B k) / 4 * G k + h * t_ k * ((1 - h ^ 2) / 2 * G k + next k + G (S k) / 2)).

Definition forth (k : nat) : R := 1 + (A k / r - r) / h - h * t_ k.
Definition back (k : nat) : R := (A k / r - r) / h + (2 - h) * t_ k.

Lemma grown : forall k, 0 <= (A k / r - r) / h.
Proof.
  intros k. pose proof h_large. pose proof (A_large k).
  apply Rmult_le_pos; [| apply Rlt_le, Rinv_0_lt_compat; lra].
  assert (r <= A k / r); [| lra]. apply Rmult_le_reg_r with r; [unfold r; lra |].
  replace (A k / r * r) with (A k) by (field; unfold r; lra). unfold r. nra.
Qed.

Lemma stored_nonneg : forall k, (k < T)%nat -> (forall i, (i <= k)%nat -> Q i <= 1) -> 0 <= stored k.
Proof.
  pose proof h_large as large. induction k as [| k IH]; intros inside below.
  - unfold stored, t_, Q, A, B. simpl. apply Req_le. field. lra.
  - pose proof (IH ltac:(lia) ltac:(intros; apply below; lia)) as before.
    destruct (pair k ltac:(lia)) as [one one']. destruct (pair_of_two k inside) as [other other'].
    destruct (t_range k (below k ltac:(lia))) as [low high]. destruct (t_range (S k) (below (S k) ltac:(lia))) as [low' high'].
    pose proof (grown k) as more.
    assert (0 <= forth k - q * (2 - h) * t_ (S k)) as ahead.
    { unfold forth, q. assert (h * t_ k <= 1 / 2 / h) as first.
      { apply Rmult_le_reg_l with h; [lra |]. replace (h * (1 / 2 / h)) with (1 / 2) by (field; lra). lra. }
      assert (1 / 2 / h <= 3 / 10) as first' by (apply Rmult_le_reg_r with h; [lra |]; replace (1 / 2 / h * h) with (1 / 2) by (field; lra); lra).
      assert ((h + 1) * (2 - h) * t_ (S k) <= h ^ 2 * t_ (S k)) by (apply Rmult_le_compat_r; nra). lra. }
    assert (0 <= back k + r * h * t_ (S k)) as behind.
    { unfold back, r. assert (0 <= (2 - h) * t_ k) by (apply Rmult_le_pos; lra).
      assert (0 <= (h - 1) * h * t_ (S k)) by (apply Rmult_le_pos; nra). unfold r in more. lra. }
    assert (0 <= q * t_ (S k)) as far by (apply Rmult_le_pos; unfold q; lra).
    assert (0 <= r * t_ (S k)) as far' by (apply Rmult_le_pos; unfold r; lra).
    pose proof (Rmult_le_pos _ _ ahead (spare _ _ one)) as s1.
    pose proof (Rmult_le_pos _ _ behind (spare _ _ one')) as s2.
    pose proof (Rmult_le_pos _ _ far (spare _ _ other)) as s3.
    pose proof (Rmult_le_pos _ _ far' (spare _ _ other')) as s4.
    assert (stored (S k) = stored k
      + (forth k - q * (2 - h) * t_ (S k)) * (f k - f (S k) - (h * (G k + next k) / 2 + (G k - 2 * next k + G (S k) - h ^ 2 * G k) / 4))
      + (back k + r * h * t_ (S k)) * (f (S k) - f k - (- h * (G k + next k) / 2 + (G k - 2 * next k + G (S k) - h ^ 2 * G k) / 4))
      + q * t_ (S k) * (f k - f (S (S k)) - (h * two k / 2
        + (G k - 2 * inner (g k) (g (S (S k))) + G (S (S k)) - h ^ 2 * (G k + 2 * next k + G (S k))) / 4))
      + r * t_ (S k) * (f (S (S k)) - f k - (- h * two k / 2
        + (G k - 2 * inner (g k) (g (S (S k))) + G (S (S k)) - h ^ 2 * (G k + 2 * next k + G (S k))) / 4))) as identity.
    { unfold stored, forth, back, two, t_, Q. rewrite A_next, B_next. unfold r, q. field. lra. }
    rewrite identity. lra.
Qed.

(** Step 3. *)
Lemma all_the_way : forall k, (k < T)%nat -> (forall i, (i <= S k)%nat -> Q i <= 1) ->
  (A (S k) - 1) / 2 * G (S k) <= f 0 - f (S k).
Proof.
  intros k inside below. pose proof h_large as large.
  pose proof (stored_nonneg k inside ltac:(intros; apply below; lia)) as before.
  destruct (pair k inside) as [one one']. destruct (t_range k (below k ltac:(lia))) as [low high].
  pose proof (grown k) as more.
  assert (0 <= forth k) as ahead.
  { unfold forth. assert (h * t_ k <= h ^ 2 * t_ k) by (apply Rmult_le_compat_r; nra). lra. }
  assert (0 <= back k) as behind by (unfold back; assert (0 <= (2 - h) * t_ k) by (apply Rmult_le_pos; lra); lra).
  pose proof (Rmult_le_pos _ _ ahead (spare _ _ one)) as s1.
  pose proof (Rmult_le_pos _ _ behind (spare _ _ one')) as s2.
  pose proof (square_nonneg (add (g (S k)) (scale r (g k)))) as turn. fold (square (add (g (S k)) (scale r (g k)))) in turn.
  rewrite square_add, square_scale, inner_scale_right, (inner_comm (g (S k))) in turn.
  assert (0 <= q ^ 2 * (1 - Q (S k)) / (4 * h ^ 2)) as weight.
  { apply Rmult_le_pos; [| apply Rlt_le, Rinv_0_lt_compat; nra]. apply Rmult_le_pos; [apply pow2_ge_0 |].
    pose proof (below (S k) ltac:(lia)). lra. }
  pose proof (Rmult_le_pos _ _ weight turn) as s3.
  assert (f 0 - f (S k) - (A (S k) - 1) / 2 * G (S k) = stored k
    + forth k * (f k - f (S k) - (h * (G k + next k) / 2 + (G k - 2 * next k + G (S k) - h ^ 2 * G k) / 4))
    + back k * (f (S k) - f k - (- h * (G k + next k) / 2 + (G k - 2 * next k + G (S k) - h ^ 2 * G k) / 4))
    + q ^ 2 * (1 - Q (S k)) / (4 * h ^ 2) * (G (S k) + 2 * (r * next k) + r * r * G k)) as identity.
  { unfold stored, forth, back, t_, Q. rewrite A_next, B_next. unfold r, q. field. lra. }
  lra.
Qed.

(** Step 4. *)
Lemma turning : forall k, (k < T)%nat -> (forall i, (i <= k)%nat -> Q i <= 1) ->
  (q * r) ^ 2 * (Q (S k) - 1) / (4 * h) * G k + (1 - Q k + h ^ 2) / (4 * h) * G (S k) <= f 0 - f (S k).
Proof.
  intros k inside below. pose proof h_large as large.
  pose proof (stored_nonneg k inside below) as before.
  destruct (pair k inside) as [one one']. destruct (t_range k (below k ltac:(lia))) as [low high].
  assert (0 <= 1 + r / 2 - t_ k) as ahead.
  { assert (1 * t_ k <= h ^ 2 * t_ k) by (apply Rmult_le_compat_r; nra). unfold r. lra. }
  assert (0 <= r / 2 + t_ k) as behind by (unfold r; lra).
  pose proof (Rmult_le_pos _ _ ahead (spare _ _ one)) as s1.
  pose proof (Rmult_le_pos _ _ behind (spare _ _ one')) as s2.
  assert (f 0 - f (S k) - ((q * r) ^ 2 * (Q (S k) - 1) / (4 * h) * G k + (1 - Q k + h ^ 2) / (4 * h) * G (S k)) = stored k
    + (1 + r / 2 - t_ k) * (f k - f (S k) - (h * (G k + next k) / 2 + (G k - 2 * next k + G (S k) - h ^ 2 * G k) / 4))
    + (r / 2 + t_ k) * (f (S k) - f k - (- h * (G k + next k) / 2 + (G k - 2 * next k + G (S k) - h ^ 2 * G k) / 4)))
    as identity.
  { unfold stored, t_, Q. rewrite A_next, B_next. unfold r, q. field. lra. }
  lra.
Qed.

(** Two geometric sums. *)
Lemma geometric : forall k, h * (4 - h ^ 2) / 4 * sum k (fun i => Q (S i)) = ((2 + h) * (A k - 1) + (2 - h) * (1 - B k)) / 8.
Proof.
  pose proof h_large. induction k as [| k IH]; [unfold A, B; simpl; field |].
  change (sum (S k) (fun i => Q (S i))) with (sum k (fun i => Q (S i)) + Q (S k)).
  rewrite Rmult_plus_distr_l, IH. unfold Q. rewrite A_next, B_next. unfold r, q. field. lra.
Qed.

Lemma w_long : w = r ^ 2.
Proof. unfold w. rewrite Rmax_left; [reflexivity |]. pose proof h_large. lra. Qed.

Lemma w_power : forall k, w ^ k * A k = 1.
Proof.
  intros k. rewrite w_long. unfold A. rewrite <- Rpow_mult_distr, Rinv_r, pow1; [reflexivity |].
  apply pow_nonzero. pose proof h_large. unfold r. lra.
Qed.

Lemma w_positive : forall k, 0 < w ^ k.
Proof. intros. apply pow_lt. rewrite w_long. apply pow_lt. pose proof h_large. unfold r. lra. Qed.

Lemma u_is : forall k, u k * Q (S k) = 1.
Proof.
  intros k. unfold u, Q. pose proof (w_power (S k)) as power. pose proof (w_positive (S k)) as positive.
  assert ((w / (1 + h) ^ 2) ^ S k = w ^ S k * B (S k)) as other.
  { unfold Rdiv. rewrite Rpow_mult_distr. unfold B, q. rewrite (Rplus_comm 1 h). reflexivity. }
  pose proof (B_small (S k)) as small. rewrite other.
  assert (0 < w ^ S k * B (S k)) by (apply Rmult_lt_0_compat; lra).
  apply Rmult_eq_reg_r with (1 + w ^ S k * B (S k)); [| lra].
  replace (2 * w ^ S k / (1 + w ^ S k * B (S k)) * ((A (S k) + B (S k)) / 2) * (1 + w ^ S k * B (S k)))
    with (w ^ S k * A (S k) + w ^ S k * B (S k)) by (field; lra). lra.
Qed.

Lemma Q_positive : forall k, 0 < Q k.
Proof. intros k. pose proof (A_large k). pose proof (B_small k). unfold Q. lra. Qed.

Lemma share_of_Q : forall k, 1 / Rmax 1 (u k) <= Q (S k).
Proof.
  intros k. pose proof (Rmax_l 1 (u k)). pose proof (Rmax_r 1 (u k)). pose proof (Q_positive (S k)).
  apply Rmult_le_reg_r with (Rmax 1 (u k)); [lra |]. replace (1 / Rmax 1 (u k) * Rmax 1 (u k)) with 1 by (field; lra).
  apply Rle_trans with (u k * Q (S k)); [rewrite u_is; lra |]. rewrite Rmult_comm. apply Rmult_le_compat_l; lra.
Qed.

(** The first point, if any, at which Q is above 1. *)
Lemma first_above : forall n, (forall i, (i <= n)%nat -> Q i <= 1) \/
  (exists k, (k < n)%nat /\ (forall i, (i <= k)%nat -> Q i <= 1) /\ 1 < Q (S k)).
Proof.
  induction n as [| n [all | [k [inside [below above]]]]].
  - left. intros i zero. replace i with 0%nat by lia. unfold Q, A, B. simpl. lra.
  - destruct (Rle_lt_dec (Q (S n)) 1) as [low | high].
    + left. intros i inside. destruct (Nat.eq_dec i (S n)) as [here | before]; [rewrite here; exact low | apply all; lia].
    + right. exists n. repeat split; [lia | exact all | exact high].
  - right. exists k. repeat split; [lia | exact below | exact above].
Qed.

Section LongLeast.
Context (M : R) (low : forall t, (t <= T)%nat -> M <= G t) (M_nonneg : 0 <= M).

(** From the point after k on every step is worth p/2, and before its end (h/4) G more. *)
Lemma onward : forall k, (k < T)%nat -> (forall i, (i <= k)%nat -> Q i <= 1) -> 1 < Q (S k) -> forall n, (S k + n <= T)%nat ->
  h * (4 - h ^ 2) / 4 * (sum k (fun i => Q (S i)) + 1 + INR n) * M
    + (if (n =? 0)%nat then (1 - Q k + h ^ 2) / (4 * h) else h / 4) * (G (S k + n)%nat - M) <= f 0 - f (S k + n)%nat.
Proof.
  intros k inside below above. pose proof h_large as large. pose proof h_nonneg. induction n as [| n IH]; intros within.
  - pose proof (turning k inside below) as first. rewrite Nat.add_0_r. simpl INR. simpl Nat.eqb. cbv iota.
    pose proof (low k ltac:(lia)) as here.
    assert (0 <= (q * r) ^ 2 * (Q (S k) - 1) / (4 * h)) as weight.
    { apply Rmult_le_pos; [| apply Rlt_le, Rinv_0_lt_compat; lra]. apply Rmult_le_pos; [apply pow2_ge_0 | lra]. }
    apply (Rmult_le_compat_l _ _ _ weight) in here.
    assert (h * (4 - h ^ 2) / 4 * (sum k (fun i => Q (S i)) + 1 + 0)
      = (q * r) ^ 2 * (Q (S k) - 1) / (4 * h) + (1 - Q k + h ^ 2) / (4 * h)) as parts.
    { rewrite !Rmult_plus_distr_l, geometric. unfold Q. rewrite A_next, B_next. unfold r, q. field. lra. }
    rewrite parts. lra.
  - pose proof (IH ltac:(lia)) as before. rewrite Nat.add_succ_r, S_INR. simpl Nat.eqb. cbv iota.
    pose proof (single (S k + n) ltac:(lia)) as step. rewrite Rmax_right in step by nra.
    pose proof (low (S k + n)%nat ltac:(lia)) as here.
    assert (0 <= (if (n =? 0)%nat then (1 - Q k + h ^ 2) / (4 * h) else h / 4) + h / 4 * (3 - h ^ 2)) as weight.
    { destruct (n =? 0)%nat; [| nra].
      replace ((1 - Q k + h ^ 2) / (4 * h) + h / 4 * (3 - h ^ 2)) with ((1 - Q k + h ^ 2 * (4 - h ^ 2)) / (4 * h)) by (field; lra).
      apply Rmult_le_pos; [| apply Rlt_le, Rinv_0_lt_compat; lra]. pose proof (below k ltac:(lia)).
      assert (0 <= h ^ 2 * (4 - h ^ 2)) by (apply Rmult_le_pos; nra). lra. }
    assert (0 <= (G (S k + n)%nat - M)) as rest by lra. pose proof (Rmult_le_pos _ _ weight rest). lra.
Qed.

Lemma counted_short : forall k n, (k <= n)%nat -> counted n <= sum k (fun i => Q (S i)) + INR (n - k).
Proof.
  intros k n order. replace n with (k + (n - k))%nat at 1 by lia. induction (n - k)%nat as [| m IH].
  - rewrite Nat.add_0_r. simpl INR. rewrite Rplus_0_r. apply sum_le. intros. apply share_of_Q.
  - rewrite Nat.add_succ_r, S_INR. unfold counted in *. simpl sum.
    assert (1 / Rmax 1 (u (k + m)) <= 1) as one; [| lra].
    pose proof (Rmax_l 1 (u (k + m))). apply Rmult_le_reg_r with (Rmax 1 (u (k + m))); [lra |].
    replace (1 / Rmax 1 (u (k + m)) * Rmax 1 (u (k + m))) with 1 by (field; lra). lra.
Qed.

Lemma long_run : A T / 2 * M <= f 0 - f T + M / 2 \/ p / 2 * counted T * M + M / 2 <= f 0 - f T + M / 2.
Proof.
  pose proof h_large as large. pose proof some_step as some.
  destruct (first_above T) as [all | [k [inside [below above]]]].
  - left. assert (S (T - 1) = T) as size by lia.
    pose proof (all_the_way (T - 1)%nat ltac:(lia)) as whole. rewrite size in whole. specialize (whole all).
    pose proof (low T ltac:(lia)) as last. pose proof (A_large T).
    apply (Rmult_le_compat_l ((A T - 1) / 2)) in last; lra.
  - right. pose proof (onward k inside below above (T - S k)%nat ltac:(lia)) as whole.
    replace (S k + (T - S k))%nat with T in whole by lia.
    pose proof (counted_short k T ltac:(lia)) as few. replace (T - k)%nat with (S (T - S k)) in few by lia.
    rewrite S_INR in few. pose proof (low T ltac:(lia)) as last.
    assert (0 <= (if (T - S k =? 0)%nat then (1 - Q k + h ^ 2) / (4 * h) else h / 4) * (G T - M)) as rest.
    { apply Rmult_le_pos; [| lra]. destruct (T - S k =? 0)%nat; [| lra].
      apply Rmult_le_pos; [| apply Rlt_le, Rinv_0_lt_compat; lra]. pose proof (below k ltac:(lia)). nra. }
    assert (p / 2 = h * (4 - h ^ 2) / 4) as pace by (unfold p; rewrite Rmax_right by nra; field).
    rewrite pace. assert (0 <= h * (4 - h ^ 2) / 4) as sign by nra.
    apply (Rmult_le_compat_l _ _ _ sign) in few. apply (Rmult_le_compat_r _ _ _ M_nonneg) in few. lra.
Qed.

End LongLeast.
End Long.

(** {1 The theorem} *)

Lemma p_nonneg : 0 <= p.
Proof.
  pose proof h_nonneg. apply Rmult_le_pos; [assumption |]. assert (Rmax h (h ^ 2) <= 4); [| lra].
  apply Rmax_lub; nra.
Qed.

Lemma counted_nonneg : forall n, 0 <= counted n <= INR n.
Proof.
  intros n. split.
  - apply sum_nonneg. intros k _. pose proof (Rmax_l 1 (u k)). apply Rmult_le_pos; [lra |].
    apply Rlt_le, Rinv_0_lt_compat. lra.
  - rewrite <- (Rmult_1_r (INR n)), <- sum_const. apply sum_le. intros k _. pose proof (Rmax_l 1 (u k)).
    apply Rmult_le_reg_r with (Rmax 1 (u k)); [lra |]. replace (1 / Rmax 1 (u k) * Rmax 1 (u k)) with 1 by (field; lra). lra.
Qed.

Theorem undelayed : exists t, (t <= T)%nat /\ G t <= 2 * L * Delta * Rmax (w ^ T) (1 / (1 + p * counted T)).
Proof.
  pose proof (smoothness_positive run) as positive.
  destruct (least T (fun t => G t)) as [t [inside low]]. exists t. split; [exact inside |]. set (M := G t) in *.
  assert (0 <= M) as sign by apply square_nonneg.
  pose proof (falls_to_below run T) as ended. apply (Rmult_le_compat_l L) in ended; [| lra].
  replace (L * (square (g T) / (2 * L))) with (square (g T) / 2) in ended by (field; lra).
  pose proof (low T ltac:(lia)) as last. cbv beta in *.
  assert (f 0 - f T + M / 2 <= L * Delta) as gap by (unfold f; lra).
  pose proof p_nonneg as pace. pose proof (counted_nonneg T) as [some all].
  assert (0 <= p * counted T) as worth by (apply Rmult_le_pos; assumption).
  assert (0 <= L * Delta) as whole.
  { pose proof (falls_to_below run 0) as begin. assert (0 <= square (g 0) / (2 * L)).
    { apply Rmult_le_pos; [apply square_nonneg | apply Rlt_le, Rinv_0_lt_compat; lra]. }
    apply Rmult_le_pos; lra. }
  assert ((1 + p * counted T) * M <= 2 * (L * Delta) -> M <= 2 * L * Delta * Rmax (w ^ T) (1 / (1 + p * counted T))) as usual.
  { intros bound. apply Rle_trans with (2 * L * Delta * (1 / (1 + p * counted T))).
    - apply Rmult_le_reg_l with (1 + p * counted T); [lra |].
      replace ((1 + p * counted T) * (2 * L * Delta * (1 / (1 + p * counted T)))) with (2 * (L * Delta)) by (field; lra).
      exact bound.
    - apply Rmult_le_compat_l; [lra | apply Rmax_r]. }
  destruct (Rle_lt_dec (h ^ 2) 3) as [few | long].
  - apply usual. assert (0 <= 3 - Rmax h (h ^ 2)) as room.
    { pose proof h_nonneg. assert (Rmax h (h ^ 2) <= 3); [| lra]. apply Rmax_lub; nra. }
    pose proof (singles M low room T ltac:(lia)) as steps.
    apply (Rmult_le_compat_l _ _ _ pace) in all. apply (Rmult_le_compat_r _ _ _ sign) in all. lra.
  - destruct (long_run long M low sign) as [linear | turned].
    + apply Rle_trans with (2 * L * Delta * w ^ T).
      * pose proof (w_power long T) as power. pose proof (w_positive long T) as base.
        replace M with (w ^ T * (A T * M)) by (rewrite <- Rmult_assoc, power; ring).
        replace (2 * L * Delta * w ^ T) with (w ^ T * (2 * (L * Delta))) by ring.
        apply Rmult_le_compat_l; lra.
      * apply Rmult_le_compat_l; [lra | apply Rmax_l].
    + apply usual. lra.
Qed.

End Undelayed.
