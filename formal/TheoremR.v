(** Theorem R, for delays drawn at random: theory/bounds/theorem_r.py. *)

From Coq Require Import Reals Lra Lia Arith.
From Gradlag Require Import Sums Space Setting RandomRun.
Open Scope R_scope.

Section TheoremR.
Context {N : Setting} {Ed Ed2 : R} (run : Drawn N Ed Ed2) (theta : R).
Hypothesis theta_positive : 0 < theta.
Hypothesis sigma_nonneg : 0 <= sigma.

Notation g := (gradients run).
Notation a := (applied run).
Notation x := (points run).
Notation e := (noises run).
Notation f := (heights run).
Notation p := (reading run).
Notation m := (fun t => square (g t)).

Definition nu : R := where_noisy 1 0.
Definition largest_step : R := peak eta.
Definition c (k : nat) : R := L * eta k + (1 + nu / theta) * L ^ 2 * largest_step ^ 2 * Ed2.

Lemma L_sign : 0 < L.
Proof. exact (smoothness_positive _ _ run). Qed.

Lemma nu_nonneg : 0 <= nu.
Proof. unfold nu, where_noisy. destruct (Rlt_dec 0 sigma); lra. Qed.

Lemma largest_above_all : forall k, (k < T)%nat -> eta k <= largest_step.
Proof. intros k inside. apply largest_above, inside. Qed.

Lemma largest_nonneg : 0 <= largest_step.
Proof. apply Rle_trans with (eta 0); [apply steps_nonneg, some_step | apply largest_above_all, some_step]. Qed.

(** {1 Step 1} *)

Definition way (r k : nat) : vectors run := vsum T (fun j => scale (ind (between r k j) * eta j) (a j)).
Definition drift (r k : nat) : vectors run := vsum T (fun j => scale (ind (between r k j) * eta j) (e j)).

Lemma travelled : forall r k v, (r <= k <= T)%nat -> inner (sub (x r) (x k)) v = inner (way r k) v + inner (drift r k) v.
Proof.
  intros r k v [order inside]. unfold way, drift. rewrite !inner_vsum, <- sum_plus.
  replace k with (r + (k - r))%nat by lia. assert (r + (k - r) <= T)%nat as bounded by lia.
  revert bounded. generalize (k - r)%nat as n. induction n as [| n IH]; intros bounded.
  - rewrite Nat.add_0_r, sum_zero; [rewrite inner_sub; ring |].
    intros j _. rewrite between_none, !inner_scale. simpl. ring.
  - rewrite Nat.add_succ_r.
    rewrite (sum_ext T _ (fun j => (inner (scale (ind (between r (r + n) j) * eta j) (a j)) v
        + inner (scale (ind (between r (r + n) j) * eta j) (e j)) v)
        + ind (j =? (r + n))%nat * (eta j * (inner (a j) v + inner (e j) v))))
      by (intros; rewrite between_next by lia; rewrite !inner_scale; ring).
    rewrite sum_plus, sum_pick by lia. rewrite <- IH by lia. rewrite <- moves by lia. rewrite !inner_sub. ring.
Qed.

Lemma distance : forall r k, (r <= k <= T)%nat ->
  square (sub (x r) (x k)) = square (way r k) + 2 * inner (way r k) (drift r k) + square (drift r k).
Proof.
  intros r k order. unfold square at 1. rewrite travelled by exact order.
  rewrite (inner_comm (way r k)), (inner_comm (drift r k)), !travelled by exact order.
  rewrite (inner_comm (drift r k) (way r k)). unfold square. ring.
Qed.

(** The steps of a window with a weight each. *)
Definition stretch (r k : nat) (b : nat -> R) : R := sum T (fun j => ind (between r k j) * b j).

Lemma way_le : forall r k, square (way r k) <= largest_step * INR (k - r) * stretch r k (fun j => eta j * square (a j)).
Proof.
  intros r k. apply Rle_trans with (1 := cauchy _ T (fun j => ind (between r k j) * eta j) a
    (fun j inside => Rmult_le_pos _ _ (ind_nonneg _) (steps_nonneg j inside))).
  rewrite (sum_ext T (fun j => ind (between r k j) * eta j * square (a j)) (fun j => ind (between r k j) * (eta j * square (a j))))
    by (intros; ring).
  apply Rmult_le_compat_r.
  - apply sum_nonneg. intros j inside. apply Rmult_le_pos; [apply ind_nonneg |].
    apply Rmult_le_pos; [apply steps_nonneg, inside | apply square_nonneg].
  - apply Rle_trans with (sum T (fun j => largest_step * ind (between r k j))).
    + apply sum_le. intros j inside. rewrite Rmult_comm. apply Rmult_le_compat_r; [apply ind_nonneg |].
      apply largest_above_all, inside.
    + rewrite sum_scale. apply Rmult_le_compat_l; [exact largest_nonneg | apply count_between].
Qed.

Lemma drift_le : forall r k, square (drift r k) <= sigma ^ 2 * stretch r k (fun j => eta j ^ 2).
Proof.
  intros r k. unfold drift. rewrite (pythagoras _ T (fun j => ind (between r k j) * eta j) e).
  - unfold stretch. rewrite <- sum_scale. apply sum_le. intros j inside.
    replace (ind (between r k j) * eta j * (ind (between r k j) * eta j))
      with (ind (between r k j) * eta j ^ 2) by (rewrite <- (ind_squared (between r k j)) at 1; ring).
    rewrite (Rmult_comm (sigma ^ 2)). apply Rmult_le_compat_l.
    + apply Rmult_le_pos; [apply ind_nonneg | apply pow2_ge_0].
    + pose proof (variance _ _ run j inside) as bounded. simpl. lra.
  - intros i j inside_i inside_j other. destruct (Nat.lt_total i j) as [before | [same | after]]; [| contradiction |].
    + rewrite inner_comm. apply (fresh_for_noises _ _ run); assumption.
    + apply (fresh_for_noises _ _ run); assumption.
Qed.

Lemma apart : forall r k, (r <= k <= T)%nat -> square (sub (x r) (x k)) <=
  (1 + nu / theta) * (largest_step * INR (k - r) * stretch r k (fun j => eta j * square (a j)))
  + (1 + theta) * (sigma ^ 2 * stretch r k (fun j => eta j ^ 2)).
Proof.
  intros r k order. rewrite distance by exact order. pose proof (way_le r k) as far. pose proof (drift_le r k) as noise.
  assert (0 <= square (way r k)) as way_sign by apply square_nonneg.
  assert (0 <= square (drift r k)) as drift_sign by apply square_nonneg.
  unfold nu, where_noisy. destruct (Rlt_dec 0 sigma) as [noisy | still].
  - pose proof (young _ (/ theta) (way r k) (drift r k) ltac:(apply Rinv_0_lt_compat; exact theta_positive)) as mixed.
    replace (square (drift r k) / / theta) with (theta * square (drift r k)) in mixed by (field; lra).
    pose proof (Rinv_0_lt_compat theta theta_positive).
    apply (Rmult_le_compat_l (1 + 1 / theta)) in far; [| unfold Rdiv; lra].
    apply (Rmult_le_compat_l (1 + theta)) in noise; [| lra]. unfold Rdiv in *. lra.
  - assert (sigma = 0) as none by lra. rewrite none in noise.
    assert (inner (way r k) (drift r k) = 0) as orthogonal
      by (rewrite inner_comm; apply null_is_orthogonal; simpl in noise; lra).
    rewrite orthogonal, none. unfold Rdiv. simpl. simpl in noise. lra.
Qed.

(** {1 Steps 2 and 3} *)

Lemma descent : forall k, (k < T)%nat ->
  eta k * inner (g k) (a k) - L / 2 * (eta k ^ 2 * (square (a k) + sigma ^ 2)) <= f k - f (S k).
Proof.
  intros k inside. pose proof L_sign as positive. pose proof (interpolates _ _ run k (S k)) as here.
  set (move := sub (x k) (x (S k))) in *.
  assert (inner (g k) move = eta k * inner (g k) (a k)) as aligned.
  { unfold move. rewrite inner_comm, moves by exact inside. rewrite (fresh_for_gradients _ _ run k inside).
    rewrite (inner_comm (a k)). ring. }
  assert (square move <= eta k ^ 2 * (square (a k) + sigma ^ 2)) as long.
  { unfold square at 1. unfold move at 1. rewrite moves by exact inside.
    rewrite (inner_comm (a k)), (inner_comm (e k)). unfold move. rewrite !moves by exact inside.
    rewrite (inner_comm (a k) (e k)), (fresh_for_applied _ _ run k k inside (le_n k)).
    pose proof (variance _ _ run k inside) as bounded. apply (Rmult_le_compat_l (eta k ^ 2)) in bounded; [| apply pow2_ge_0].
    unfold square in *. lra. }
  assert (0 <= square (add (sub (g k) (g (S k))) (scale (- L) move))) as dropped by apply square_nonneg.
  rewrite square_add, square_scale, inner_scale_right, inner_sub in dropped. rewrite inner_add in here.
  set (d2 := square (sub (g k) (g (S k)))) in *.
  assert ((d2 - L * L * square move) / (4 * L) = / (4 * L) * d2 - L / 4 * square move) as parts by (field; lra).
  apply (Rmult_le_compat_l (/ (4 * L))) in dropped; [| apply Rlt_le, Rinv_0_lt_compat; lra].
  assert (/ (4 * L) * (d2 + 2 * (- L * (inner (g k) move - inner (g (S k)) move)) + - L * - L * square move)
    = / (4 * L) * d2 - / 2 * (inner (g k) move - inner (g (S k)) move) + L / 4 * square move) as parts' by (field; lra).
  apply (Rmult_le_compat_l (L / 2)) in long; [| lra]. lra.
Qed.

(** tau_k is independent of x_0..x_k: |g_k - a_k|^2 is a mean over the points. *)
Lemma inner_of_read : forall k, (k < T)%nat ->
  m k + square (a k) - L ^ 2 * sum T (fun r => p k r * square (sub (x r) (x k))) <= 2 * inner (g k) (a k).
Proof.
  intros k inside. rewrite (mixed _ _ run k inside), (mixed_square _ _ run k inside).
  assert (m k = sum T (fun r => p k r * m k)) as own.
  { rewrite (sum_ext T _ (fun r => m k * p k r)) by (intros; ring). rewrite sum_scale.
    change (sum T (fun r => p k r)) with (sum T (p k)). rewrite (certain _ _ run k inside). ring. }
  rewrite own, <- !sum_scale, <- sum_plus, <- sum_minus. apply sum_le. intros r _.
  pose proof (turns _ _ run r k) as near. rewrite square_sub, (inner_comm (g r) (g k)) in near.
  apply (Rmult_le_compat_l (p k r)) in near; [| apply (reading_nonneg _ _ run), inside]. cbv beta. lra.
Qed.

(** {1 Step 4} *)

(** How much step k has in flight over step j, and the same with the length of its window. *)
Definition flight (k j : nat) : R := sum T (fun r => p k r * ind (between r k j)).
Definition long_flight (k j : nat) : R := sum T (fun r => p k r * (INR (k - r) * ind (between r k j))).

Lemma mean_distance : forall k, (k < T)%nat -> sum T (fun r => p k r * square (sub (x r) (x k))) <=
  (1 + nu / theta) * largest_step * sum T (fun j => eta j * square (a j) * long_flight k j)
  + (1 + theta) * sigma ^ 2 * sum T (fun j => eta j ^ 2 * flight k j).
Proof.
  intros k inside.
  apply Rle_trans with (sum T (fun r => p k r *
    ((1 + nu / theta) * (largest_step * INR (k - r) * stretch r k (fun j => eta j * square (a j)))
    + (1 + theta) * (sigma ^ 2 * stretch r k (fun j => eta j ^ 2))))).
  - apply sum_le. intros r _. destruct (le_lt_dec r k) as [past | later].
    + apply Rmult_le_compat_l; [apply (reading_nonneg _ _ run), inside | apply apart; lia].
    + rewrite (reading_past _ _ run k r inside later). lra.
  - apply Req_le. unfold flight, long_flight, stretch.
    rewrite (sum_ext T (fun j => eta j * square (a j) * sum T (fun r => p k r * (INR (k - r) * ind (between r k j))))
      (fun j => sum T (fun r => p k r * INR (k - r) * (ind (between r k j) * (eta j * square (a j))))))
      by (intros; rewrite <- sum_scale; apply sum_ext; intros; ring).
    rewrite (sum_ext T (fun j => eta j ^ 2 * sum T (fun r => p k r * ind (between r k j)))
      (fun j => sum T (fun r => p k r * (ind (between r k j) * eta j ^ 2))))
      by (intros; rewrite <- sum_scale; apply sum_ext; intros; ring).
    rewrite (sum_swap T T (fun j r => p k r * INR (k - r) * (ind (between r k j) * (eta j * square (a j))))).
    rewrite (sum_swap T T (fun j r => p k r * (ind (between r k j) * eta j ^ 2))).
    rewrite <- !sum_scale, <- sum_plus. apply sum_ext. intros r _. rewrite !sum_scale. ring.
Qed.

(** Sums over k of steps times flights. *)
Lemma flights_in_sum : forall (b : nat -> R) (h : nat -> nat -> R) most, (forall j, (j < T)%nat -> 0 <= b j) ->
  (forall k j, (k < T)%nat -> 0 <= h k j) -> (forall j, sum T (fun k => h k j) <= most) ->
  sum T (fun k => eta k * sum T (fun j => b j * h k j)) <= largest_step * most * sum T b.
Proof.
  intros b h most b_sign h_sign below.
  apply Rle_trans with (sum T (fun k => sum T (fun j => largest_step * b j * h k j))).
  - apply sum_le. intros k inside. rewrite <- sum_scale. apply sum_le. intros j inside_j.
    replace (eta k * (b j * h k j)) with (b j * h k j * eta k) by ring.
    replace (largest_step * b j * h k j) with (b j * h k j * largest_step) by ring.
    apply Rmult_le_compat_l; [apply Rmult_le_pos; [apply b_sign | apply h_sign]; assumption | apply largest_above_all, inside].
  - rewrite sum_swap, <- sum_scale. apply sum_le. intros j inside. rewrite sum_scale.
    replace (largest_step * most * b j) with (largest_step * b j * most) by ring.
    apply Rmult_le_compat_l; [apply Rmult_le_pos; [exact largest_nonneg | apply b_sign, inside] | apply below].
Qed.

Theorem in_sum : total (fun k => eta k / 2 * m k) + total (fun k => eta k / 2 * (1 - c k) * square (a k)) + m T / (2 * L)
  <= Delta + L * sigma ^ 2 / 2 * total (fun k => eta k ^ 2) * (1 + (1 + theta) * L * largest_step * Ed).
Proof.
  pose proof L_sign as positive. pose proof nu_nonneg as nu_sign. pose proof largest_nonneg as top_sign.
  pose proof (pow2_ge_0 sigma) as sigma_sign.
  assert (0 <= nu / theta) as share by (apply Rmult_le_pos; [exact nu_sign | apply Rlt_le, Rinv_0_lt_compat, theta_positive]).
  assert (forall k, (k < T)%nat -> eta k / 2 * m k + eta k / 2 * (1 - L * eta k) * square (a k)
    - L ^ 2 / 2 * ((1 + nu / theta) * largest_step) * (eta k * sum T (fun j => eta j * square (a j) * long_flight k j))
    - L ^ 2 / 2 * ((1 + theta) * sigma ^ 2) * (eta k * sum T (fun j => eta j ^ 2 * flight k j))
    - L * sigma ^ 2 / 2 * eta k ^ 2 <= f k - f (S k)) as each.
  { intros k inside. pose proof (descent k inside) as falls. pose proof (inner_of_read k inside) as aligned.
    pose proof (mean_distance k inside) as far. pose proof (steps_nonneg k inside) as sign.
    apply (Rmult_le_compat_l (L ^ 2)) in far; [| apply pow2_ge_0].
    assert (m k + square (a k) - L ^ 2 * ((1 + nu / theta) * largest_step * sum T (fun j => eta j * square (a j) * long_flight k j)
      + (1 + theta) * sigma ^ 2 * sum T (fun j => eta j ^ 2 * flight k j)) <= 2 * inner (g k) (a k)) as aligned' by (cbv beta in *; lra).
    apply (Rmult_le_compat_l (eta k / 2)) in aligned'; [| lra]. cbv beta in *. lra. }
  pose proof (sum_le T _ _ each) as summed. rewrite sum_telescopes in summed. cbv beta in summed.
  rewrite !(sum_minus T), (sum_plus T), !(sum_scale T) in summed.
  assert (sum T (fun k => eta k * sum T (fun j => eta j * square (a j) * long_flight k j))
    <= largest_step * Ed2 * sum T (fun j => eta j * square (a j))) as long.
  { apply flights_in_sum.
    - intros j inside. apply Rmult_le_pos; [apply steps_nonneg, inside | apply square_nonneg].
    - intros k j inside. apply sum_nonneg. intros r _. apply Rmult_le_pos; [apply (reading_nonneg _ _ run), inside |].
      apply Rmult_le_pos; [apply pos_INR | apply ind_nonneg].
    - apply (flying_long _ _ run). }
  assert (sum T (fun k => eta k * sum T (fun j => eta j ^ 2 * flight k j))
    <= largest_step * Ed * sum T (fun j => eta j ^ 2)) as few.
  { apply flights_in_sum.
    - intros j _. apply pow2_ge_0.
    - intros k j inside. apply sum_nonneg. intros r _. apply Rmult_le_pos; [apply (reading_nonneg _ _ run), inside | apply ind_nonneg].
    - apply (flying _ _ run). }
  apply (Rmult_le_compat_l (L ^ 2 / 2 * ((1 + nu / theta) * largest_step))) in long;
    [| pose proof (pow2_ge_0 L); repeat apply Rmult_le_pos; lra].
  apply (Rmult_le_compat_l (L ^ 2 / 2 * ((1 + theta) * sigma ^ 2))) in few;
    [| pose proof (pow2_ge_0 L); apply Rmult_le_pos; [| apply Rmult_le_pos]; lra].
  assert (total (fun k => eta k / 2 * (1 - c k) * square (a k)) = sum T (fun k => eta k / 2 * (1 - L * eta k) * square (a k))
    - L ^ 2 / 2 * ((1 + nu / theta) * largest_step) * (largest_step * Ed2 * sum T (fun j => eta j * square (a j)))) as parts.
  { unfold total. rewrite <- !sum_scale, <- sum_minus. apply sum_ext. intros k _. unfold c. field. lra. }
  pose proof (falls_to_below _ _ run T) as end_of_run. rewrite parts. unfold total. cbv beta in *. lra.
Qed.

(** {1 Step 5} *)

Theorem theorem_r : (forall k, (k < T)%nat -> c k <= 1) -> exists t, (t <= T)%nat /\
  m t <= (Delta + L * sigma ^ 2 / 2 * total (fun k => eta k ^ 2) * (1 + (1 + theta) * L * largest_step * Ed))
    / (total (fun k => eta k * (1 - c k / 2)) + 1 / (2 * L)).
Proof.
  intros small. pose proof L_sign as positive. destruct (least T m) as [t [inside low]].
  exists t. split; [exact inside |]. set (M := m t) in *. pose proof in_sum as bound.
  pose proof (Rdiv_lt_0_compat 1 (2 * L) ltac:(lra) ltac:(lra)) as last_sign.
  assert (0 <= total (fun k => eta k * (1 - c k / 2))) as weight.
  { apply sum_nonneg. intros k inside_k. pose proof (small k inside_k).
    apply Rmult_le_pos; [apply steps_nonneg, inside_k | lra]. }
  assert (M * total (fun k => eta k * (1 - c k / 2))
    <= total (fun k => eta k / 2 * m k) + total (fun k => eta k / 2 * (1 - c k) * square (a k))) as below.
  { unfold total. rewrite <- sum_scale, <- sum_plus. apply sum_le. intros k inside_k.
    pose proof (small k inside_k) as c_small. pose proof (steps_nonneg k inside_k) as sign.
    assert (M <= m k) as here by (apply low; lia).
    assert (M <= square (a k)) as mixed_here.
    { rewrite (mixed_square _ _ run k inside_k). rewrite <- (Rmult_1_r M), <- (certain _ _ run k inside_k), <- sum_scale.
      apply sum_le. intros r inside_r. rewrite Rmult_comm. apply Rmult_le_compat_l; [apply (reading_nonneg _ _ run), inside_k |].
      apply low. lia. }
    apply (Rmult_le_compat_l (eta k / 2)) in here; [| lra].
    apply (Rmult_le_compat_l (eta k / 2 * (1 - c k))) in mixed_here; [| apply Rmult_le_pos; lra]. cbv beta in *. lra. }
  assert (M * (1 / (2 * L)) <= m T / (2 * L)) as last.
  { replace (m T / (2 * L)) with (m T * (1 / (2 * L))) by (field; lra). apply Rmult_le_compat_r; [lra | apply low; lia]. }
  set (whole := total (fun k => eta k * (1 - c k / 2))) in *.
  set (above := Delta + L * sigma ^ 2 / 2 * total (fun k => eta k ^ 2) * (1 + (1 + theta) * L * largest_step * Ed)) in *.
  apply Rmult_le_reg_r with (whole + 1 / (2 * L)); [lra |].
  unfold Rdiv at 2. rewrite (Rmult_assoc above), Rinv_l, Rmult_1_r by lra.
  cbv beta in *. lra.
Qed.

End TheoremR.
