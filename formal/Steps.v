(** One step of a run in expectation, and how far the run moves within a window: steps 1 to 5 of Theorem A's proof. *)

From Coq Require Import Reals Lra Lia Arith.
From Gradlag Require Import Sums Space Setting Run.
Open Scope R_scope.

Section Steps.
Context {N : Setting} (run : Trace N).

Notation g := (gradients run).
Notation x := (points run).
Notation e := (noises run).
Notation f := (heights run).
Notation gap k := (sub (x k) (x (S k))).
Notation m := (fun t => square (g t)).

Lemma smoothness_nonzero : L <> 0.
Proof. pose proof (smoothness_positive run). lra. Qed.

Lemma square_nonneg' : forall v : vectors run, 0 <= square v.
Proof. exact square_nonneg. Qed.

(** <g_k, d> for the move d = x_k - x_{k+1}: the noise is orthogonal to g_k. *)
Lemma inner_move : forall k, (k < T)%nat -> inner (g k) (gap k) = eta k * inner (g k) (g (tau k)).
Proof.
  intros k inside. rewrite inner_comm, moves by exact inside.
  rewrite (fresh_for_gradients run k k inside (le_n k)), (inner_comm (g (tau k))). ring.
Qed.

(** |d|^2 = eta_k^2 (|g_{tau_k}|^2 + |e_k|^2). *)
Lemma square_move : forall k, (k < T)%nat -> square (gap k) = eta k * eta k * (square (g (tau k)) + square (e k)).
Proof.
  intros k inside. unfold square at 1. rewrite moves by exact inside.
  rewrite (inner_comm (g (tau k))), (inner_comm (e k)), !moves by exact inside.
  rewrite (inner_comm (g (tau k)) (e k)), (fresh_for_gradients run k (tau k) inside (reads_past k inside)).
  unfold square. ring.
Qed.

Lemma square_move_le : forall k, (k < T)%nat ->
  square (gap k) <= eta k * eta k * (square (g (tau k)) + sigma * sigma).
Proof.
  intros k inside. rewrite square_move by exact inside. apply Rmult_le_compat_l; [apply Rle_0_sqr |].
  pose proof (variance run k inside). lra.
Qed.

(** 2 <g_k, g_{tau_k}> >= |g_k|^2 + |g_{tau_k}|^2 - L^2 |x_{tau_k} - x_k|^2. *)
Lemma inner_of_read : forall k,
  square (g k) + square (g (tau k)) - L * L * square (sub (x (tau k)) (x k)) <= 2 * inner (g k) (g (tau k)).
Proof.
  intros k. pose proof (turns run (tau k) k) as near. rewrite square_sub, (inner_comm (g (tau k)) (g k)) in near. lra.
Qed.

(** The interpolation inequality with one free number rho > 0, z = (1 + rho)/2; rho = 1 is the descent lemma. *)
Lemma descent : forall k rho, 0 < rho ->
  (1 + rho) / 2 * (inner (g k) (gap k) - L / 2 * square (gap k))
  + (1 / (4 * L)) * ((1 - 1 / rho) * square (g (S k)) - (rho - 1) * square (g k)) <= f k - f (S k).
Proof.
  intros k rho positive. pose proof smoothness_nonzero. pose proof (smoothness_positive run) as above_zero.
  pose proof (interpolates run k (S k)) as here. set (d := gap k) in *.
  set (z := sub (g k) (scale L d)).
  assert (square z = square (g k) - 2 * L * inner (g k) d + L * L * square d) as length
    by (unfold z; rewrite square_sub, square_scale, inner_scale_right; ring).
  assert (inner (g (S k)) z = inner (g k) (g (S k)) - L * inner (g (S k)) d) as mixed
    by (unfold z; rewrite inner_sub_right, inner_scale_right, (inner_comm (g (S k)) (g k)); ring).
  assert (0 <= 1 / (4 * L * rho) * square (sub (g (S k)) (scale rho z))) as dropped.
  { apply Rmult_le_pos; [| apply square_nonneg]. apply Rlt_le, Rdiv_lt_0_compat; [lra |].
    apply Rmult_lt_0_compat; lra. }
  rewrite square_sub, square_scale, inner_scale_right, mixed, length in dropped.
  rewrite inner_add, square_sub in here.
  apply Rle_trans with (2 := here).
  apply Rle_trans with ((inner (g k) d + inner (g (S k)) d) / 2
    + (square (g k) - 2 * inner (g k) (g (S k)) + square (g (S k)) - L * L * square d) / (4 * L)
    - 1 / (4 * L * rho) * (square (g (S k)) - 2 * (rho * (inner (g k) (g (S k)) - L * inner (g (S k)) d))
    + rho * rho * (square (g k) - 2 * L * inner (g k) d + L * L * square d))); [| lra].
  apply Req_le. field. split; lra.
Qed.

(** x_a - x_b for a <= b: the gradients and the noises of the steps between. *)
Definition way (a b : nat) : vectors run := vsum T (fun j => scale (ind (between a b j) * eta j) (g (tau j))).
Definition drift (a b : nat) : vectors run := vsum T (fun j => scale (ind (between a b j) * eta j) (e j)).

Lemma travelled : forall a b v, (a <= b <= T)%nat ->
  inner (sub (x a) (x b)) v = inner (way a b) v + inner (drift a b) v.
Proof.
  intros a b v [order inside]. unfold way, drift. rewrite !inner_vsum, <- sum_plus.
  replace b with (a + (b - a))%nat by lia. assert (a + (b - a) <= T)%nat as bounded by lia.
  revert bounded. generalize (b - a)%nat as n. induction n as [| n IH]; intros bounded.
  - rewrite Nat.add_0_r, sum_zero; [rewrite inner_sub; ring |].
    intros j _. rewrite between_none, !inner_scale. simpl. ring.
  - rewrite Nat.add_succ_r.
    rewrite (sum_ext T _ (fun j => (inner (scale (ind (between a (a + n) j) * eta j) (g (tau j))) v
        + inner (scale (ind (between a (a + n) j) * eta j) (e j)) v)
        + ind (j =? (a + n))%nat * (eta j * (inner (g (tau j)) v + inner (e j) v))))
      by (intros; rewrite between_next by lia; rewrite !inner_scale; ring).
    rewrite sum_plus, sum_pick by lia. rewrite <- IH by lia. rewrite <- moves by lia. rewrite !inner_sub. ring.
Qed.

Lemma distance : forall a b, (a <= b <= T)%nat ->
  square (sub (x a) (x b)) = square (way a b) + 2 * inner (way a b) (drift a b) + square (drift a b).
Proof.
  intros a b order. unfold square at 1. rewrite travelled by exact order.
  rewrite (inner_comm (way a b)), (inner_comm (drift a b)), !travelled by exact order.
  rewrite (inner_comm (drift a b) (way a b)). unfold square. ring.
Qed.

(** |way|^2 <= H P by Cauchy-Schwarz, |drift|^2 <= sigma^2 Q by the orthogonality of the noises. *)
Lemma way_le : forall a b, square (way a b) <=
  sum T (fun j => ind (between a b j) * eta j) * sum T (fun j => ind (between a b j) * (eta j * square (g (tau j)))).
Proof.
  intros a b. apply Rle_trans with (1 := cauchy _ T (fun j => ind (between a b j) * eta j) (fun j => g (tau j))
    (fun j inside => Rmult_le_pos _ _ (ind_nonneg _) (steps_nonneg j inside))).
  apply Req_le. f_equal. apply sum_ext. intros. ring.
Qed.

Lemma drift_le : forall a b, square (drift a b) <=
  sigma * sigma * sum T (fun j => ind (between a b j) * (eta j * eta j)).
Proof.
  intros a b. unfold drift.
  rewrite (pythagoras _ T (fun j => ind (between a b j) * eta j) e).
  - rewrite <- sum_scale. apply sum_le. intros j inside.
    replace (ind (between a b j) * eta j * (ind (between a b j) * eta j))
      with (ind (between a b j) * (eta j * eta j)) by (rewrite <- (ind_squared (between a b j)) at 1; ring).
    rewrite (Rmult_comm (sigma * sigma)). apply Rmult_le_compat_l; [| exact (variance run j inside)].
    apply Rmult_le_pos; [apply ind_nonneg | apply Rle_0_sqr].
  - intros i j inside_i inside_j other. destruct (Nat.lt_total i j) as [before | [same | after]]; [| contradiction |].
    + rewrite inner_comm. apply fresh_for_noises; assumption.
    + apply fresh_for_noises; assumption.
Qed.

(** A gradient known at the start of a stretch is orthogonal to the noises within it. *)
Lemma known_before_drift : forall i a b, (i <= a)%nat -> inner (g i) (drift a b) = 0.
Proof.
  intros i a b before. unfold drift. rewrite inner_vsum_right. apply sum_zero. intros j inside.
  rewrite inner_scale_right. destruct (between a b j) eqn:member; [| simpl; ring].
  apply between_true in member. rewrite inner_comm, fresh_for_gradients by lia. ring.
Qed.

(** H_k, P_k and Q_k of Theorem A. *)
Definition H (k : nat) : R := window eta k.
Definition P (k : nat) : R := window (fun j => eta j * square (g (tau j))) k.
Definition Q (k : nat) : R := window (fun j => eta j * eta j) k.

Lemma H_nonneg : forall k, 0 <= H k.
Proof. intros k. apply window_nonneg, steps_nonneg. Qed.

Lemma P_nonneg : forall k, 0 <= P k.
Proof. intros k. apply window_nonneg. intros. apply Rmult_le_pos; [apply steps_nonneg; assumption | apply square_nonneg]. Qed.

Lemma Q_nonneg : forall k, 0 <= Q k.
Proof. intros k. apply window_nonneg. intros. apply Rle_0_sqr. Qed.

(** Factors (alpha_k, beta_k) in the bound of the way since the read of step k. *)
Definition factors (alpha beta : nat -> R) : Prop := forall k, (k < T)%nat ->
  square (sub (x (tau k)) (x k)) <= alpha k * (H k * P k) + beta k * (sigma * sigma * Q k).

Lemma way_in_window : forall k, square (way (tau k) k) <= H k * P k.
Proof. intros k. apply way_le. Qed.

Lemma drift_in_window : forall k, square (drift (tau k) k) <= sigma * sigma * Q k.
Proof. intros k. apply drift_le. Qed.

(** Young: any theta > 0 gives the factors 1 + theta, 1 + 1/theta. *)
Lemma factors_by_young : forall theta, 0 < theta -> factors (fun _ => 1 + theta) (fun _ => 1 + 1 / theta).
Proof.
  intros theta positive k inside. rewrite distance by (pose proof (reads_past k inside); lia).
  pose proof (young _ theta (way (tau k) k) (drift (tau k) k) positive).
  assert ((1 + theta) * square (way (tau k) k) <= (1 + theta) * (H k * P k))
    by (apply Rmult_le_compat_l; [lra | apply way_in_window]).
  assert ((1 + 1 / theta) * square (drift (tau k) k) <= (1 + 1 / theta) * (sigma * sigma * Q k)).
  { apply Rmult_le_compat_l; [| apply drift_in_window].
    pose proof (Rdiv_lt_0_compat 1 theta ltac:(lra) positive). lra. }
  assert (square (drift (tau k) k) / theta = 1 / theta * square (drift (tau k) k)) by (field; lra). lra.
Qed.

(** Where way and drift are orthogonal: the factors 1, 1. *)
Lemma parted : forall k, (k < T)%nat -> inner (way (tau k) k) (drift (tau k) k) = 0 ->
  square (sub (x (tau k)) (x k)) <= H k * P k + sigma * sigma * Q k.
Proof.
  intros k inside orthogonal. rewrite distance, orthogonal by (pose proof (reads_past k inside); lia).
  pose proof (way_in_window k). pose proof (drift_in_window k). lra.
Qed.

Lemma quiet : sigma = 0 -> forall a b v, inner (drift a b) v = 0.
Proof.
  intros none a b v. apply null_is_orthogonal. pose proof (drift_le a b) as small. rewrite none in small. lra.
Qed.

Lemma ordered : forall k, overtaken k = false -> inner (way (tau k) k) (drift (tau k) k) = 0.
Proof.
  intros k in_order. unfold way at 1. rewrite inner_vsum. apply sum_zero. intros j inside.
  rewrite inner_scale. destruct (between (tau k) k j) eqn:member; [| simpl; ring].
  rewrite known_before_drift; [ring |]. apply (overtaken_false k in_order j inside member).
Qed.

(** A stretch inside a window. *)
Lemma stretch_le : forall k b a, (b <= k)%nat -> (forall j, (j < T)%nat -> 0 <= a j) ->
  sum T (fun j => ind (between (tau k) b j) * a j) <= window a k.
Proof.
  intros k b a shorter sign. apply sum_le. intros j inside. apply Rmult_le_compat_r; [apply sign, inside |].
  unfold in_window. destruct (between (tau k) b j) eqn:member; [| apply ind_nonneg].
  replace (between (tau k) k j) with true; [lra |]. symmetry. apply between_true in member. apply between_true. lia.
Qed.

(** Step 5: where gradients overtake, each of them turned by at most L times the way that the run made. *)
Lemma overtaking : forall k, (k < T)%nat ->
  2 * inner (way (tau k) k) (drift (tau k) k) <= H k * (L * (2 * (H k * P k) + 3 * (sigma * sigma * Q k))).
Proof.
  intros k inside. pose proof (reads_past k inside) as past. pose proof (smoothness_positive run) as positive.
  set (Z := drift (tau k) k). pose proof (H_nonneg k). pose proof (P_nonneg k). pose proof (Q_nonneg k).
  assert (0 <= H k * P k) by (apply Rmult_le_pos; assumption).
  assert (0 <= sigma * sigma * Q k) by (apply Rmult_le_pos; [apply Rle_0_sqr | assumption]).
  set (most := L * (2 * (H k * P k) + 3 * (sigma * sigma * Q k))).
  assert (0 <= most) as sign by (apply Rmult_le_pos; lra).
  assert (forall j, (j < k)%nat -> 2 * inner (g (tau j)) Z <= most) as each.
  { intros j before. pose proof (reads_past j ltac:(lia)) as past_j.
    destruct (le_lt_dec (tau j) (tau k)) as [older | younger].
    - unfold Z. rewrite known_before_drift by exact older. lra.
    - pose proof (young _ L Z (sub (g (tau j)) (g (tau k))) positive) as mixed.
      assert (inner (g (tau k)) Z = 0) as start by (apply known_before_drift; lia).
      rewrite inner_sub_right, (inner_comm Z (g (tau j))), (inner_comm Z (g (tau k))), start in mixed.
      pose proof (turns run (tau k) (tau j)) as near.
      rewrite distance in near by lia.
      pose proof (square_sub_nonneg _ (way (tau k) (tau j)) (drift (tau k) (tau j))).
      assert (square (way (tau k) (tau j)) <= H k * P k) as short_way.
      { apply Rle_trans with (1 := way_le (tau k) (tau j)). apply Rmult_le_compat.
        - apply sum_nonneg. intros. apply Rmult_le_pos; [apply ind_nonneg | apply steps_nonneg; assumption].
        - apply sum_nonneg. intros. apply Rmult_le_pos; [apply ind_nonneg |].
          apply Rmult_le_pos; [apply steps_nonneg; assumption | apply square_nonneg].
        - apply stretch_le; [lia | apply steps_nonneg].
        - apply stretch_le; [lia |]. intros. apply Rmult_le_pos; [apply steps_nonneg; assumption | apply square_nonneg]. }
      assert (square (drift (tau k) (tau j)) <= sigma * sigma * Q k) as short_drift.
      { apply Rle_trans with (1 := drift_le (tau k) (tau j)). apply Rmult_le_compat_l; [apply Rle_0_sqr |].
        apply stretch_le; [lia |]. intros. apply Rle_0_sqr. }
      assert (square (sub (g (tau j)) (g (tau k))) = square (sub (g (tau k)) (g (tau j)))) as turned
        by (rewrite !square_sub, (inner_comm (g (tau j)) (g (tau k))); ring).
      assert (square (sub (g (tau j)) (g (tau k))) / L <= L * (2 * (H k * P k) + 2 * (sigma * sigma * Q k))) as small.
      { apply Rmult_le_reg_l with L; [exact positive |].
        replace (L * (square (sub (g (tau j)) (g (tau k))) / L)) with (square (sub (g (tau j)) (g (tau k)))) by (field; lra).
        rewrite turned, <- Rmult_assoc. apply Rle_trans with (1 := near).
        apply Rmult_le_compat_l; [apply Rmult_le_pos; lra | lra]. }
      pose proof (drift_in_window k) as noise. fold Z in noise.
      assert (L * square Z <= L * (sigma * sigma * Q k)) by (apply Rmult_le_compat_l; lra).
      unfold most. lra. }
  fold most. unfold way. rewrite inner_vsum, <- sum_scale. unfold H, window. rewrite (Rmult_comm _ most), <- sum_scale.
  apply sum_le. intros j inside_j. rewrite inner_scale. unfold in_window.
  destruct (between (tau k) k j) eqn:member; [| simpl; lra].
  apply between_true in member. simpl. pose proof (steps_nonneg j inside_j).
  fold Z. replace (2 * (1 * eta j * inner (g (tau j)) Z)) with (eta j * (2 * inner (g (tau j)) Z)) by ring.
  replace (most * (1 * eta j)) with (eta j * most) by ring.
  apply Rmult_le_compat_l; [assumption | apply each; lia].
Qed.

(** o_k is 1 where there is noise and step k is overtaken. *)
Definition o (k : nat) : R := where_overtaken 1 0 k.

Lemma cross_term : 0 <= sigma -> forall k, (k < T)%nat -> 2 * inner (way (tau k) k) (drift (tau k) k)
  <= o k * (L * H k * (2 * (H k * P k) + 3 * (sigma * sigma * Q k))).
Proof.
  intros sign k inside. unfold o, where_overtaken. destruct (Rlt_dec 0 sigma) as [noisy | still].
  - destruct (overtaken k) eqn:order.
    + pose proof (overtaking k inside). lra.
    + rewrite (ordered k order). lra.
  - rewrite inner_comm, quiet by lra. lra.
Qed.

(** The factors of Theorem A. *)
Lemma factors_where_overtaken : 0 <= sigma ->
  factors (fun k => 1 + 2 * o k * L * H k) (fun k => 1 + 3 * o k * L * H k).
Proof.
  intros sign k inside. rewrite distance by (pose proof (reads_past k inside); lia).
  pose proof (cross_term sign k inside). pose proof (way_in_window k). pose proof (drift_in_window k). lra.
Qed.

End Steps.
