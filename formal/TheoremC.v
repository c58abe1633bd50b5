(** Theorem C and Theorem C with noise: theory/bounds/theorem_c.py, theory/bounds/theorem_c_noise.py. *)

From Coq Require Import Reals Lra Lia Arith Bool.
From Gradlag Require Import Sums Space Setting Sines Run Steps TheoremB.
Open Scope R_scope.

(** sum over k with p <= k of a(k - p) is that over k < n - p of a(k). *)
Lemma sum_late : forall n p a, sum n (fun k => ind (p <=? k)%nat * a (k - p)%nat) = sum (n - p) a.
Proof.
  induction n as [| n IH]; intros p a; [reflexivity |].
  change (sum n (fun k => ind (p <=? k)%nat * a (k - p)%nat) + ind (p <=? n)%nat * a (n - p)%nat = sum (S n - p) a).
  rewrite IH.
  destruct (Nat.leb_spec p n) as [late | early].
  - replace (S n - p)%nat with (S (n - p)) by lia. unfold ind. change (sum (S (n - p)) a) with (sum (n - p) a + a (n - p)%nat). ring.
  - replace (n - p)%nat with 0%nat by lia. replace (S n - p)%nat with 0%nat by lia. unfold ind, sum. ring.
Qed.

Lemma sum_shorter : forall n p a, (forall k, 0 <= a k) -> sum (n - p) a <= sum n a.
Proof.
  induction n as [| n IH]; intros p a sign; [simpl; lra |]. destruct p as [| p]; [apply Rle_refl |].
  change (sum (n - p) a <= sum n a + a n). pose proof (sign n). pose proof (IH p a sign). lra.
Qed.

Section TheoremC.
Context {N : Setting} (run : Trace N) (theta w rho : R).

Notation g := (gradients run).
Notation x := (points run).
Notation f := (heights run).
Notation m := (fun t => square (g t)).
Notation D := (s - 1)%nat.

Definition U_D : R := sine_ratio (s - 1) theta.
Definition U_s : R := sine_ratio s theta.
Definition r : R := sin (theta / 2).
Definition h : R := L * eta 0.
Definition A_0 : R := U_s - U_D.
Definition A : R := 1 - w + w * A_0.
Definition b : R := (INR s - 1) * U_D + INR s * U_s.
Definition beta : R := Rmax 1 (w * h * b + rho).
Definition c : R := beta + (1 - w) * h * ((INR s - 1) ^ 2 + INR s ^ 2).
Definition v : R :=
  served (fun _ => 1) 0 * h / 2 * (A + 2 * (w * r ^ 2) * U_D - c * h / 2) + h / 4 * A
  + h * (w * r ^ 2) * (U_D + U_s) * total (fun k => INR s - 1 - delay k).
Definition nu : R := Rmax 0 (- v).
Definition S_ : R := h * (A + w * r ^ 2 * (b - A_0) - c * h / 4).
Definition noise : R := INR T * h ^ 2 * sigma ^ 2 / 4 * (beta + 1 / rho + (1 - w) * h * (2 * INR s - 1)).

Hypothesis sigma_nonneg : 0 <= sigma.
Hypothesis one_step : forall k, (k < T)%nat -> eta k = eta 0.
Hypothesis one_delay : forall k, (1 <= k < T)%nat -> delay k = Rmin (previous delay k + 1) (INR s - 1).
Hypothesis angle : 0 <= theta.
Hypothesis angle_small : (2 * INR s - 1) * theta <= PI.
Hypothesis share : 0 <= w <= 1.
Hypothesis rho_nonneg : 0 <= rho.
Hypothesis rho_where_noisy : 0 < rho \/ sigma = 0.
Hypothesis weight_positive : 0 < S_.

(** The delay is fixed: tau_k = k - D, and 0 where there is no such point. *)
Lemma reads : forall k, (k < T)%nat -> tau k = (k - D)%nat.
Proof.
  induction k as [| k IH]; intros inside.
  - pose proof (reads_past 0 inside). lia.
  - pose proof (one_delay (S k) ltac:(lia)) as next. simpl in next. unfold delay in next.
    rewrite (IH ltac:(lia)) in next. pose proof (reads_past (S k) inside) as past.
    rewrite <- staleness_less_one in next.
    replace (INR (k - (k - D)) + 1) with (INR (S (k - (k - D)))) in next by apply S_INR.
    assert ((S k - tau (S k))%nat = Nat.min (S (k - (k - D))) D) as count; [| lia].
    apply INR_eq. rewrite next. unfold Rmin. destruct (Rle_dec _ _) as [less | more].
    + f_equal. apply INR_le in less. lia.
    + f_equal. assert (~ (S (k - (k - D)) <= D)%nat) by (intros order; apply more, le_INR, order). lia.
Qed.

Lemma within : delays_within.
Proof. intros k inside. rewrite <- staleness_less_one. apply le_INR. rewrite reads by exact inside. lia. Qed.

Lemma in_order : forall k, (k < T)%nat -> o k = 0.
Proof.
  intros k inside. unfold o, where_overtaken, overtaken. rewrite some_none; [destruct (Rlt_dec 0 sigma); reflexivity |].
  intros j inside_j. unfold in_window. destruct (between (tau k) k j) eqn:member; [| reflexivity].
  apply between_true in member. simpl. apply Nat.ltb_ge. rewrite !reads by assumption. lia.
Qed.

Lemma h_positive : 0 < h.
Proof.
  pose proof (smoothness_positive run) as positive. pose proof (steps_nonneg 0 some_step) as sign.
  destruct (Req_dec (eta 0) 0) as [none | some].
  - assert (h = 0) as zero by (unfold h; rewrite none; ring). unfold S_ in weight_positive. rewrite zero in weight_positive. lra.
  - apply Rmult_lt_0_compat; lra.
Qed.

Lemma step_positive : 0 < eta 0.
Proof.
  pose proof h_positive as positive. pose proof (steps_nonneg 0 some_step) as sign. unfold h in positive.
  destruct (Req_dec (eta 0) 0) as [none | some]; [rewrite none in positive |]; lra.
Qed.

Lemma U_D_nonneg : 0 <= U_D.
Proof. apply (nonneg theta s angle angle_small). lia. Qed.

Lemma U_s_nonneg : 0 <= U_s.
Proof. apply (nonneg theta s angle angle_small). lia. Qed.

Lemma s_is_next : s = S D.
Proof. pose proof some_staleness. lia. Qed.

Lemma steep_s : steep theta s = A_0.
Proof. unfold A_0, U_s, U_D. rewrite s_is_next at 1 2. simpl steep. reflexivity. Qed.

Lemma steep_D : steep theta D = A_0 + 4 * r ^ 2 * U_D.
Proof. rewrite <- steep_s. rewrite s_is_next at 2. apply steep_next. Qed.

(** {1 Step 1} *)

Lemma falls_each : forall k, (k < T)%nat ->
  h / 2 * (inner (g k) (g (tau k)) + inner (g (S k)) (g (tau k))) + (beta - rho) / 4 * square (delta run k)
  - beta * h ^ 2 / 4 * m (tau k) - h ^ 2 * sigma ^ 2 / 4 * (beta + 1 / rho) <= L * (f k - f (S k)).
Proof.
  intros k inside. pose proof (smoothness_positive run) as positive. pose proof step_positive as step_sign.
  assert (1 <= beta) as beta_large by apply Rmax_l.
  pose proof (one_turn run (fun _ => rho) (fun _ => beta * eta 0) sigma_nonneg (fun _ _ => rho_nonneg)
    (fun _ _ => rho_where_noisy)) as falls.
  assert (forall k, (k < T)%nat -> eta k <= beta * eta 0) as large.
  { intros j inside_j. rewrite (one_step j inside_j). rewrite <- (Rmult_1_l (eta 0)) at 1. apply Rmult_le_compat_r; lra. }
  specialize (falls large k inside). apply (Rmult_le_compat_l L) in falls; [| lra].
  apply Rle_trans with (2 := falls). rewrite (delta_squared run k inside), (one_step k inside). unfold h.
  replace (eta 0 / rho) with (eta 0 * (1 / rho)) by (unfold Rdiv; ring). generalize (1 / rho) as inverse. intros inverse.
  apply Req_le. cbv beta. field. lra.
Qed.

(** {1 Step 2: the share w of both inner products by Theorem C's lemma, the rest as in Theorem A} *)

(** The gradients g_{k-D}, ..., g_{k+1}, those before the start being g_0. *)
Definition y (k i : nat) : vectors run := g (k + i - D).

Lemma y_start : forall k, (k < T)%nat -> y k 0 = g (tau k).
Proof. intros k inside. unfold y. rewrite Nat.add_0_r, reads by exact inside. reflexivity. Qed.

Lemma y_now : forall k, y k D = g k.
Proof. intros k. unfold y. f_equal. lia. Qed.

Lemma y_next : forall k, y k s = g (S k).
Proof. intros k. unfold y. f_equal. pose proof some_staleness. lia. Qed.

Definition turns_within (n k : nat) : R := sum n (fun i => square (sub (y k (S i)) (y k i))).
Definition squares_within (n k : nat) : R := sum n (fun i => m (k + S i - D)%nat).

Lemma by_wirtinger : forall k, (k < T)%nat ->
  (A_0 + 4 * r ^ 2 * U_D) * (m (tau k) + m k) + A_0 * (m (tau k) + m (S k))
  - U_D * turns_within D k - U_s * turns_within s k
  + 4 * r ^ 2 * (U_D * squares_within (D - 1) k + U_s * squares_within D k)
  <= 2 * (inner (g k) (g (tau k)) + inner (g (S k)) (g (tau k))).
Proof.
  intros k inside.
  pose proof (wirtinger theta s angle angle_small _ (y k) D ltac:(lia)) as short.
  pose proof (wirtinger theta s angle angle_small _ (y k) s ltac:(lia)) as long.
  rewrite y_start, y_now, steep_D, inner_comm in short by exact inside.
  rewrite y_start, y_next, steep_s, inner_comm in long by exact inside.
  unfold turns_within, squares_within. fold U_D r in short. fold U_s r in long. unfold y in *. cbv beta. lra.
Qed.

Definition reads_within (k : nat) : R := window (fun j => m (tau j)) k.

Lemma H_here : forall k, (k < T)%nat -> H k <= eta 0 * INR D.
Proof.
  intros k inside. rewrite staleness_less_one. unfold H.
  replace (window eta k) with (eta 0 * window (fun _ => 1) k).
  - apply Rmult_le_compat_l; [apply Rlt_le, step_positive | exact (window_count within k inside)].
  - rewrite <- window_scale. apply sum_ext. intros j inside_j. rewrite (one_step j inside_j). ring.
Qed.

Lemma P_here : forall k, P run k = eta 0 * reads_within k.
Proof.
  intros k. unfold reads_within. rewrite <- window_scale. apply sum_ext. intros j inside. rewrite (one_step j inside).
  reflexivity.
Qed.

Lemma Q_here : forall k, (k < T)%nat -> Q k <= eta 0 * eta 0 * INR D.
Proof.
  intros k inside. rewrite staleness_less_one.
  replace (Q k) with (eta 0 * eta 0 * window (fun _ => 1) k).
  - apply Rmult_le_compat_l; [apply Rle_0_sqr | exact (window_count within k inside)].
  - rewrite <- window_scale. apply sum_ext. intros j inside_j. rewrite (one_step j inside_j). ring.
Qed.

Lemma reads_within_nonneg : forall k, 0 <= reads_within k.
Proof. intros k. apply window_nonneg. intros. apply square_nonneg. Qed.

Lemma by_ways : forall k, (k < T)%nat ->
  2 * m (tau k) + m k + m (S k)
  - h ^ 2 * ((2 * INR D + 1) * (reads_within k + sigma ^ 2) + (INR D + 1) * m (tau k))
  <= 2 * (inner (g k) (g (tau k)) + inner (g (S k)) (g (tau k))).
Proof.
  intros k inside. pose proof step_positive as step_sign. pose proof (pos_INR D) as D_sign.
  pose proof (factors_where_overtaken run sigma_nonneg k inside) as near.
  pose proof (moved_next run sigma_nonneg k inside) as far. cbv beta in near. rewrite (in_order k inside) in near, far.
  pose proof (turns run (tau k) k) as near'. pose proof (turns run (tau k) (S k)) as far'.
  pose proof (H_here k inside) as short. pose proof (Q_here k inside) as few. pose proof (reads_within_nonneg k) as sign.
  rewrite P_here in near, far. unfold H_plus in far. rewrite (one_step k inside) in far.
  assert (H k * (eta 0 * reads_within k) <= eta 0 * INR D * (eta 0 * reads_within k)) as way_near
    by (apply Rmult_le_compat_r; [apply Rmult_le_pos; lra | exact short]).
  assert ((H k + eta 0) * (eta 0 * reads_within k + eta 0 * m (tau k))
    <= (eta 0 * INR D + eta 0) * (eta 0 * reads_within k + eta 0 * m (tau k))) as way_far.
  { apply Rmult_le_compat_r; [| lra]. pose proof (square_nonneg' run (g (tau k))).
    apply Rplus_le_le_0_compat; apply Rmult_le_pos; lra. }
  assert (sigma * sigma * Q k <= sigma * sigma * (eta 0 * eta 0 * INR D)) as drift_near
    by (apply Rmult_le_compat_l; [apply Rle_0_sqr | exact few]).
  set (d1 := square (sub (x (tau k)) (x k))) in *. set (d2 := square (sub (x (tau k)) (x (S k)))) in *.
  assert (d1 + d2 <= eta 0 * eta 0 * ((2 * INR D + 1) * (reads_within k + sigma ^ 2) + (INR D + 1) * m (tau k))) as both
    by (cbv beta in *; lra).
  apply (Rmult_le_compat_l (L * L)) in both; [| apply Rle_0_sqr].
  rewrite !square_sub, (inner_comm (g (tau k)) (g k)) in near'.
  rewrite !square_sub, (inner_comm (g (tau k)) (g (S k))) in far'. unfold h. cbv beta in *. lra.
Qed.

(** {1 Step 3: the weights of one step} *)

Definition now : R := h / 4 * (A + 4 * (w * r ^ 2) * U_D).
Definition next : R := h / 4 * A.
Definition read : R := now + next - c * h ^ 2 / 4.

(** What the steps count of numbers a_t at the points, in place of the |g_t|^2. *)
Definition counted (a : nat -> R) : R := sum T (fun k =>
  read * a (k - D)%nat + now * a k + next * a (S k)
  + h * (w * r ^ 2) * (U_D * sum (D - 1) (fun i => a (k + S i - D)%nat) + U_s * sum D (fun i => a (k + S i - D)%nat))).

Lemma A_nonneg : 0 <= A.
Proof.
  assert (0 <= A_0) as sign by (rewrite <- steep_s; apply (steep_nonneg theta s angle angle_small); lia).
  assert (0 <= w * A_0) by (apply Rmult_le_pos; lra). unfold A. lra.
Qed.

Lemma curve_nonneg : 0 <= w * r ^ 2.
Proof. apply Rmult_le_pos; [lra | apply pow2_ge_0]. Qed.

Lemma now_nonneg : 0 <= now.
Proof.
  pose proof h_positive. pose proof A_nonneg. pose proof curve_nonneg. pose proof U_D_nonneg.
  assert (0 <= w * r ^ 2 * U_D) by (apply Rmult_le_pos; assumption). apply Rmult_le_pos; lra.
Qed.

Lemma next_nonneg : 0 <= next.
Proof. pose proof h_positive. pose proof A_nonneg. apply Rmult_le_pos; lra. Qed.

Lemma D_of_s : INR s = INR D + 1.
Proof. rewrite staleness_less_one. ring. Qed.

(** U_D (D - 1), as U_0 = 0. *)
Lemma U_D_short : U_D * INR (D - 1) = U_D * (INR D - 1).
Proof.
  unfold U_D. destruct D as [| d] eqn:size; [simpl; ring |]. replace (S d - 1)%nat with d by lia. rewrite S_INR. ring.
Qed.

Lemma weights_add_up : read + now + next + h * (w * r ^ 2) * (U_D * INR (D - 1) + U_s * INR D) = S_.
Proof. rewrite U_D_short. unfold read, now, next, S_, b. rewrite D_of_s. unfold A, A_0. field. Qed.

(** Each |delta_j|^2 is met at most D times in the short windows, and s times in the long ones. *)
Lemma turns_counted : forall n, (n <= s)%nat ->
  sum T (turns_within n) <= INR n * sum T (fun j => square (delta run j)).
Proof.
  intros n short. unfold turns_within. rewrite sum_swap, <- sum_const. apply sum_le. intros i inside.
  apply Rle_trans with (sum (T - (D - i)) (fun j => square (delta run j)));
    [| apply sum_shorter; intros; apply square_nonneg].
  rewrite <- sum_late. apply sum_le. intros k _. unfold y, delta.
  destruct (Nat.leb_spec (D - i) k) as [late | early].
  - replace (k + S i - D)%nat with (S (k - (D - i))) by lia. replace (k + i - D)%nat with (k - (D - i))%nat by lia.
    rewrite !square_sub, (inner_comm (g (S (k - (D - i))))). simpl. lra.
  - replace (k + S i - D)%nat with 0%nat by lia. replace (k + i - D)%nat with 0%nat by lia.
    rewrite square_sub. unfold square. simpl. lra.
Qed.

Lemma reads_counted : sum T reads_within <= INR D * sum T (fun k => m (tau k)).
Proof.
  pose proof (exchange (fun _ => 1) (fun j => m (tau j))) as swapped.
  replace (sum T reads_within) with (total (fun k => 1 * window (fun j => m (tau j)) k))
    by (apply sum_ext; intros; unfold reads_within; ring).
  rewrite swapped. unfold total. rewrite <- sum_scale. apply sum_le. intros j inside.
  rewrite Rmult_comm. apply Rmult_le_compat_r; [apply square_nonneg |].
  rewrite staleness_less_one. apply readers_count, within.
Qed.

(** The sum over the steps. *)
Theorem counted_squares : counted m + m T / 2 <= L * Delta + noise.
Proof.
  pose proof (smoothness_positive run) as positive. pose proof h_positive as h_sign.
  assert (forall k, (k < T)%nat ->
    read * m (k - D)%nat + now * m k + next * m (S k)
    + h * (w * r ^ 2) * (U_D * squares_within (D - 1) k + U_s * squares_within D k)
    + (1 - w) * h ^ 3 / 4 * (((INR s - 1) ^ 2 + INR s ^ 2 - (INR D + 1)) * m (tau k) - (2 * INR D + 1) * reads_within k)
    + (beta - rho) / 4 * square (delta run k) - h / 4 * w * (U_D * turns_within D k + U_s * turns_within s k)
    - noise / INR T <= L * (f k - f (S k))) as each.
  { intros k inside. apply Rle_trans with (2 := falls_each k inside).
    pose proof (by_wirtinger k inside) as one. pose proof (by_ways k inside) as other.
    rewrite <- (reads k inside).
    apply (Rmult_le_compat_l (h / 4 * w)) in one; [| apply Rmult_le_pos; lra].
    apply (Rmult_le_compat_l (h / 4 * (1 - w))) in other; [| apply Rmult_le_pos; lra].
    replace (noise / INR T) with (h ^ 2 * sigma ^ 2 / 4 * (beta + 1 / rho) + (1 - w) * h ^ 3 / 4 * (2 * INR D + 1) * sigma ^ 2)
      by (unfold noise; rewrite D_of_s; generalize (1 / rho); intros; field; apply Rgt_not_eq, lt_0_INR, some_step).
    unfold read, now, next, c, A. rewrite D_of_s. cbv beta in *. lra. }
  pose proof (sum_le T _ _ each) as summed. rewrite sum_scale, sum_telescopes in summed. cbv beta in summed.
  pose proof (turns_counted D ltac:(lia)) as short. pose proof (turns_counted s ltac:(lia)) as long.
  pose proof reads_counted as few. pose proof U_D_nonneg as U_D_sign. pose proof U_s_nonneg as U_s_sign.
  set (turned := sum T (fun j => square (delta run j))) in *.
  assert (sum T (fun k =>
      read * m (k - D)%nat + now * m k + next * m (S k)
      + h * (w * r ^ 2) * (U_D * squares_within (D - 1) k + U_s * squares_within D k)
      + (1 - w) * h ^ 3 / 4 * (((INR s - 1) ^ 2 + INR s ^ 2 - (INR D + 1)) * m (tau k) - (2 * INR D + 1) * reads_within k)
      + (beta - rho) / 4 * square (delta run k) - h / 4 * w * (U_D * turns_within D k + U_s * turns_within s k)
      - noise / INR T)
    = counted m
      + (1 - w) * h ^ 3 / 4 * (((INR s - 1) ^ 2 + INR s ^ 2 - (INR D + 1)) * sum T (fun k => m (tau k))
        - (2 * INR D + 1) * sum T reads_within)
      + (beta - rho) / 4 * turned - h / 4 * w * (U_D * sum T (turns_within D) + U_s * sum T (turns_within s))
      - noise) as parts.
  { rewrite !sum_minus, !sum_plus, sum_const. unfold counted, turned.
    rewrite <- !sum_scale, <- !sum_minus, <- !sum_plus, <- !sum_scale.
    replace (INR T * (noise / INR T)) with noise by (field; apply Rgt_not_eq, lt_0_INR, some_step).
    rewrite <- !sum_plus, <- !sum_minus. reflexivity. }
  cbv beta in parts. rewrite parts in summed.
  apply (Rmult_le_compat_l U_D) in short; [| exact U_D_sign]. apply (Rmult_le_compat_l U_s) in long; [| exact U_s_sign].
  assert (h / 4 * w * (U_D * sum T (turns_within D) + U_s * sum T (turns_within s)) <= (beta - rho) / 4 * turned) as dropped.
  { apply Rle_trans with (h / 4 * w * (b * turned)).
    - apply Rmult_le_compat_l; [apply Rmult_le_pos; lra |]. unfold b. rewrite <- staleness_less_one. lra.
    - assert (w * h * b + rho <= beta) as large by apply Rmax_r.
      assert (0 <= turned) by (apply sum_nonneg; intros; apply square_nonneg).
      replace (h / 4 * w * (b * turned)) with (w * h * b / 4 * turned) by field. apply Rmult_le_compat_r; lra. }
  assert (0 <= (1 - w) * h ^ 3 / 4 * (((INR s - 1) ^ 2 + INR s ^ 2 - (INR D + 1)) * sum T (fun k => m (tau k))
        - (2 * INR D + 1) * sum T reads_within)) as paid.
  { apply Rmult_le_pos.
    - apply Rmult_le_pos; [apply Rmult_le_pos; [lra | apply pow_le; lra] | lra].
    - pose proof (pos_INR D). apply (Rmult_le_compat_l (2 * INR D + 1)) in few; [| lra]. rewrite D_of_s. cbv beta in *. lra. }
  pose proof (falls_to_below run T) as end_of_run. apply (Rmult_le_compat_l L) in end_of_run; [| lra].
  assert (L * (square (g T) / (2 * L)) = square (g T) / 2) as half by (field; lra). cbv beta in *. lra.
Qed.

(** {1 Step 4: the coefficient of every |g_t|^2 with t >= 1 is at least 0, that of |g_0|^2 is v} *)

Lemma counted_linear : forall q a a', counted (fun t => q * a t + a' t) = q * counted a + counted a'.
Proof.
  intros q a a'. unfold counted. rewrite <- sum_scale, <- sum_plus. apply sum_ext. intros k _.
  rewrite !sum_plus, !sum_scale. ring.
Qed.

Lemma counted_ext : forall a a', (forall t, a t = a' t) -> counted a = counted a'.
Proof.
  intros a a' same. apply sum_ext. intros k _. rewrite !same.
  rewrite (sum_ext (D - 1) _ (fun i => a' (k + S i - D)%nat)) by (intros; apply same).
  rewrite (sum_ext D _ (fun i => a' (k + S i - D)%nat)) by (intros; apply same). reflexivity.
Qed.

Lemma counted_ones : counted (fun _ => 1) = INR T * S_.
Proof.
  unfold counted. rewrite <- sum_const. apply sum_ext. intros k _. rewrite !sum_const, !Rmult_1_r. apply weights_add_up.
Qed.

(** Away from x_0 every role of a point is met at least as often as it is read. *)
Lemma counted_nonneg : forall a, (forall t, 0 <= a t) -> a 0%nat = 0 -> 0 <= counted a.
Proof.
  intros a sign zero. set (met := sum T (fun k => a (k - D)%nat)).
  assert (0 <= met) as met_sign by (apply sum_nonneg; intros; apply sign).
  assert (forall p, (p <= D)%nat -> sum T (fun k => a (k - p)%nat) = sum (T - p) a) as late.
  { intros p _. rewrite <- sum_late. apply sum_ext. intros k _. destruct (Nat.leb_spec p k) as [| early]; simpl; [ring |].
    replace (k - p)%nat with 0%nat by lia. rewrite zero. ring. }
  assert (forall p, (p <= D)%nat -> met <= sum T (fun k => a (k - p)%nat)) as more.
  { intros p less. unfold met. rewrite !late by lia. replace (T - D)%nat with (T - p - (D - p))%nat by lia.
    apply sum_shorter, sign. }
  assert (met <= sum T a) as now_more.
  { apply Rle_trans with (1 := more 0%nat ltac:(lia)). apply Req_le, sum_ext. intros. rewrite Nat.sub_0_r. reflexivity. }
  assert (met <= sum T (fun k => a (S k))) as next_more.
  { apply Rle_trans with (1 := now_more). pose proof (sum_shift T a) as shifted. simpl in shifted. rewrite zero in shifted.
    pose proof (sign T). lra. }
  assert (forall n, (n <= D)%nat -> INR n * met <= sum T (fun k => sum n (fun i => a (k + S i - D)%nat))) as inner.
  { intros n less. rewrite sum_swap, <- sum_const. apply sum_le. intros i inside.
    apply Rle_trans with (1 := more (D - S i)%nat ltac:(lia)). apply Req_le, sum_ext. intros k _. f_equal. lia. }
  assert (counted a = read * met + now * sum T a + next * sum T (fun k => a (S k))
    + h * (w * r ^ 2) * (U_D * sum T (fun k => sum (D - 1) (fun i => a (k + S i - D)%nat))
      + U_s * sum T (fun k => sum D (fun i => a (k + S i - D)%nat)))) as parts.
  { unfold counted, met. rewrite <- !sum_scale, <- !sum_plus, <- !sum_scale, <- !sum_plus. reflexivity. }
  pose proof (inner (D - 1)%nat ltac:(lia)) as short. pose proof (inner D ltac:(lia)) as long.
  pose proof U_D_nonneg as U_D_sign. pose proof U_s_nonneg as U_s_sign. pose proof h_positive. pose proof curve_nonneg.
  apply (Rmult_le_compat_l U_D) in short; [| exact U_D_sign]. apply (Rmult_le_compat_l U_s) in long; [| exact U_s_sign].
  apply (Rmult_le_compat_l now) in now_more; [| exact now_nonneg].
  apply (Rmult_le_compat_l next) in next_more; [| exact next_nonneg].
  set (one := sum T (fun k => sum (D - 1) (fun i => a (k + S i - D)%nat))) in *.
  set (other := sum T (fun k => sum D (fun i => a (k + S i - D)%nat))) in *.
  assert (h * (w * r ^ 2) * (U_D * (INR (D - 1) * met) + U_s * (INR D * met)) <= h * (w * r ^ 2) * (U_D * one + U_s * other))
    as curved by (apply Rmult_le_compat_l; [apply Rmult_le_pos; lra | lra]).
  assert (0 <= S_ * met) as whole by (apply Rmult_le_pos; lra). rewrite <- weights_add_up in whole. lra.
Qed.

Notation at_start := (fun t : nat => if (t =? 0)%nat then 1 else 0).

(** How many i of n have k + i + 1 <= D. *)
Lemma count_start : forall n k, sum n (fun i => at_start (k + S i - D)%nat) = INR (Nat.min n (D - k)).
Proof.
  induction n as [| n IH]; intros k; [reflexivity |]. cbn [sum]. rewrite IH.
  destruct (Nat.eqb_spec (k + S n - D) 0) as [inside | outside].
  - replace (Nat.min (S n) (D - k)) with (S (Nat.min n (D - k))) by lia. rewrite S_INR. reflexivity.
  - replace (Nat.min (S n) (D - k)) with (Nat.min n (D - k)) by lia. ring.
Qed.

Lemma counted_start : counted at_start = v.
Proof.
  assert (served (fun _ => 1) 0 = sum T (fun k => at_start (k - D)%nat)) as readers_of_start.
  { apply sum_ext. intros k inside. rewrite reads by exact inside. destruct (k - D =? 0)%nat; simpl; ring. }
  assert (total (fun k => INR s - 1 - delay k) = sum T (fun k => INR (D - k))) as waits.
  { apply sum_ext. intros k inside. unfold delay. rewrite reads by exact inside. rewrite <- staleness_less_one.
    rewrite <- minus_INR by lia. f_equal. lia. }
  assert (sum T at_start = 1) as once.
  { pose proof some_step. destruct T as [| n]; [lia |]. rewrite sum_shift, sum_zero; [simpl; ring |]. reflexivity. }
  assert (sum T (fun k => at_start (S k)) = 0) as never by (apply sum_zero; reflexivity).
  assert (U_D * sum T (fun k => INR (Nat.min (D - 1) (D - k))) = U_D * (sum T (fun k => INR (D - k)) - 1)) as short.
  { unfold U_D. pose proof some_step as some. destruct D as [| d] eqn:size; [simpl; ring |]. f_equal.
    destruct T as [| n]; [lia |]. rewrite !sum_shift, Nat.sub_0_r.
    replace (Nat.min (S d - 1) (S d)) with d by lia. rewrite (S_INR d).
    rewrite (sum_ext n (fun k => INR (Nat.min (S d - 1) (S d - S k))) (fun k => INR (S d - S k)))
      by (intros; f_equal; lia). ring. }
  assert (counted at_start = read * sum T (fun k => at_start (k - D)%nat) + now * sum T at_start
    + next * sum T (fun k => at_start (S k))
    + h * (w * r ^ 2) * (U_D * sum T (fun k => INR (Nat.min (D - 1) (D - k))) + U_s * sum T (fun k => INR (D - k)))) as parts.
  { unfold counted. rewrite <- !sum_scale, <- !sum_plus, <- !sum_scale, <- !sum_plus. apply sum_ext. intros k _.
    rewrite !count_start. replace (Nat.min D (D - k)) with (D - k)%nat by lia. reflexivity. }
  rewrite parts, short, once, never. unfold v. rewrite readers_of_start, waits. unfold read, now, next. field.
Qed.

(** {1 Step 5} *)

Theorem theorem_c : exists t, (t <= T)%nat /\
  m t <= (L * Delta * (1 + 2 * nu) + noise) / (INR T * S_ + nu + 1 / 2).
Proof.
  pose proof (smoothness_positive run) as positive.
  destruct (least T m) as [t [inside low]]. exists t. split; [exact inside |]. set (M := m t) in *.
  assert (0 < INR T) as some by (apply lt_0_INR, some_step).
  assert (0 <= nu) as nu_sign by apply Rmax_l.
  assert (0 < INR T * S_ + nu + 1 / 2) as whole by (pose proof (Rmult_lt_0_compat _ _ some weight_positive); lra).
  set (rest := fun k => if (k <=? T)%nat then m k - M else 0).
  assert (forall k, 0 <= rest k) as rest_sign.
  { intros k. unfold rest. destruct (Nat.leb_spec k T) as [within_run |]; [| lra]. pose proof (low k within_run). lra. }
  assert (counted m = M * counted (fun _ => 1) + counted rest) as split_off.
  { rewrite <- counted_linear. unfold counted. apply sum_ext. intros k inside_k.
    assert (forall j, (j <= T)%nat -> m j = M * 1 + rest j) as each.
    { intros j inside_j. unfold rest. destruct (Nat.leb_spec j T); [ring | lia]. }
    rewrite !each by lia. rewrite (sum_ext (D - 1) _ (fun i => M * 1 + rest (k + S i - D)%nat)) by (intros; apply each; lia).
    rewrite (sum_ext D _ (fun i => M * 1 + rest (k + S i - D)%nat)) by (intros; apply each; lia). reflexivity. }
  assert (v * rest 0%nat <= counted rest) as start.
  { set (later := fun k => if (k =? 0)%nat then 0 else rest k).
    assert (counted rest = rest 0%nat * counted at_start + counted later) as parts.
    { rewrite <- counted_linear. apply counted_ext. intros k. unfold later.
      destruct (Nat.eqb_spec k 0); [subst; ring | ring]. }
    assert (0 <= counted later) as dropped.
    { apply counted_nonneg; [| reflexivity]. intros k. unfold later. destruct (k =? 0)%nat; [lra | apply rest_sign]. }
    rewrite parts, counted_start. lra. }
  assert (rest 0%nat = m 0%nat - M) as first by (unfold rest; simpl; reflexivity).
  assert (- nu * rest 0%nat <= v * rest 0%nat) as start_low.
  { apply Rmult_le_compat_r; [apply rest_sign |]. pose proof (Rmax_r 0 (- v)) as large. fold nu in large. lra. }
  pose proof (falls_to_below run 0) as begin. apply (Rmult_le_compat_l (2 * L)) in begin; [| lra].
  assert (2 * L * (square (g 0) / (2 * L)) = square (g 0)) as begin_square by (field; lra).
  assert (nu * m 0%nat <= nu * (2 * L * Delta)) as begin_low by (apply Rmult_le_compat_l; [exact nu_sign | lra]).
  pose proof counted_squares as counted_m. rewrite split_off, counted_ones in counted_m.
  pose proof (low T ltac:(lia)) as last.
  apply Rmult_le_reg_r with (INR T * S_ + nu + 1 / 2); [exact whole |].
  replace ((L * Delta * (1 + 2 * nu) + noise) / (INR T * S_ + nu + 1 / 2) * (INR T * S_ + nu + 1 / 2))
    with (L * Delta * (1 + 2 * nu) + noise) by (field; lra).
  rewrite first in *. lra.
Qed.

End TheoremC.
