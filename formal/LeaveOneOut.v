(** How far the estimate of a client's influence is from retraining without it (theory/bounds/leave_one_out.py). *)

From Coq Require Import Reals Lra Lia.
From Gradlag Require Import Sums Space Objective Setting LeftOutRun.
Open Scope R_scope.

(** {1 Vectors} *)

Lemma same_norm : forall (X : Space) (u v : X), (forall q, inner u q = inner v q) -> norm u = norm v.
Proof. intros X u v same. unfold norm, square. rewrite same, inner_comm, same. reflexivity. Qed.

Lemma from_square : forall (X : Space) (q : X) most, square q <= most * norm q -> 0 <= most -> norm q <= most.
Proof.
  intros X q most below sign. pose proof (norm_nonneg X q). rewrite <- norm_squared in below.
  destruct (Req_dec (norm q) 0) as [none | some]; [lra |].
  apply Rmult_le_reg_r with (norm q); lra.
Qed.

Lemma triangle : forall (X : Space) (u v : X), norm (add u v) <= norm u + norm v.
Proof.
  intros X u v. pose proof (norm_nonneg X u). pose proof (norm_nonneg X v).
  apply from_square; [| lra]. unfold square at 1. rewrite inner_add.
  pose proof (cauchy_schwarz X u (add u v)). pose proof (cauchy_schwarz X v (add u v)). lra.
Qed.

Lemma norm_scale : forall (X : Space) t (v : X), 0 <= t -> norm (scale t v) = t * norm v.
Proof.
  intros X t v sign. unfold norm. rewrite square_scale, sqrt_mult_alt by (apply Rmult_le_pos; exact sign).
  rewrite sqrt_square by exact sign. reflexivity.
Qed.

Lemma norm_opposite : forall (X : Space) (v : X), norm (scale (-1) v) = norm v.
Proof. intros. unfold norm. rewrite square_scale. f_equal. ring. Qed.

Lemma triangle_sub : forall (X : Space) (u v : X), norm (sub u v) <= norm u + norm v.
Proof. intros. unfold sub. rewrite <- (norm_opposite X v). apply triangle. Qed.

Lemma norm_zero : forall (X : Space), norm (@zero X) = 0.
Proof. intros. unfold norm, square. rewrite inner_zero. apply sqrt_0. Qed.

Lemma norm_vsum : forall (X : Space) n (v : nat -> X), norm (vsum n v) <= sum n (fun k => norm (v k)).
Proof.
  induction n as [| n IH]; intros v; cbn [vsum sum]; [rewrite norm_zero; lra |].
  apply Rle_trans with (1 := triangle X _ _). specialize (IH v). lra.
Qed.

(** A symmetric operator with -a |v|^2 <= <A v, v> <= a |v|^2 has |A v| <= a |v|. *)
Lemma operator_norm : forall (X : Space) (A : X -> X) a, 0 <= a ->
  (forall u v, inner (A u) v = inner (A v) u) -> (forall v, - (a * square v) <= inner (A v) v <= a * square v) ->
  forall v, norm (A v) <= a * norm v.
Proof.
  intros X A a sign symmetric within v. set (p := A v).
  assert (forall t, 2 * (t * square p) <= a * (square v + t * t * square p)) as mixed.
  { intros t. pose proof (within (add v (scale t p))) as [_ above]. pose proof (within (sub v (scale t p))) as [below _].
    assert (forall u q r, inner (A (add u q)) r = inner (A u) r + inner (A q) r) as sums
      by (intros; rewrite symmetric, inner_add_right, (symmetric u), (symmetric q); reflexivity).
    assert (forall u r, inner (A (scale t u)) r = t * inner (A u) r) as multiples
      by (intros; rewrite symmetric, inner_scale_right, (symmetric u); reflexivity).
    assert (forall u r, inner (A (scale (-1) u)) r = - inner (A u) r) as opposites
      by (intros; rewrite symmetric, inner_scale_right, (symmetric u); ring).
    rewrite square_add, square_scale in above. rewrite square_sub, square_scale in below. unfold sub in below.
    repeat progress rewrite ?sums, ?inner_add_right, ?inner_scale_right, ?opposites, ?multiples, ?(symmetric p v) in above.
    repeat progress rewrite ?sums, ?inner_add_right, ?inner_scale_right, ?opposites, ?multiples, ?(symmetric p v) in below.
    change (inner (A v) p) with (square p) in above, below. lra. }
  pose proof (norm_nonneg X p). pose proof (norm_nonneg X v). pose proof (norm_squared X p). pose proof (norm_squared X v).
  destruct (Req_dec (norm p) 0) as [none | some]; [rewrite none; apply Rmult_le_pos; assumption |].
  destruct (Req_dec (norm v) 0) as [null | long].
  - exfalso. specialize (mixed (/ (a + 1))). rewrite null in *. replace (square v) with 0 in mixed by lra.
    assert (0 < / (a + 1)) by (apply Rinv_0_lt_compat; lra).
    assert (0 < square p) by (rewrite <- norm_squared; apply Rmult_lt_0_compat; lra).
    assert (a * / (a + 1) <= 1) by (apply Rmult_le_reg_r with (a + 1); [lra |]; field_simplify; lra).
    assert (0 < / (a + 1) * square p) by (apply Rmult_lt_0_compat; assumption).
    assert (a * / (a + 1) * (/ (a + 1) * square p) <= 1 * (/ (a + 1) * square p)) by (apply Rmult_le_compat_r; lra). lra.
  - specialize (mixed (norm v / norm p)).
    replace (norm v / norm p * square p) with (norm v * norm p) in mixed by (rewrite <- norm_squared; field; assumption).
    replace (norm v / norm p * (norm v / norm p) * square p) with (norm v * norm v) in mixed
      by (rewrite <- norm_squared; field; assumption).
    rewrite <- (norm_squared X v) in mixed. apply Rmult_le_reg_l with (norm v); lra.
Qed.

(** {1 One client} *)

Section Client.
Context {X : Space} (grad : X -> X) (hess : X -> X -> X) (least largest bend step : R).
Hypothesis derivative : forall (u v q : X) r, derivable_pt_lim (fun r => inner (grad (add u (scale r v))) q) r
  (inner (hess (add u (scale r v)) v) q).
Hypothesis symmetric : forall u v q, inner (hess u v) q = inner (hess u q) v.
Hypothesis eigenvalues : forall u v, least * square v <= inner (hess u v) v <= largest * square v.
Hypothesis lipschitz : forall u u' v, norm (sub (hess u' v) (hess u v)) <= bend * norm (sub u' u) * norm v.
Hypothesis step_sign : 0 <= step.
Hypothesis bend_sign : 0 <= bend.

Definition alpha : R := Rmax (Rabs (1 - step * least)) (Rabs (1 - step * largest)).

Lemma alpha_sign : 0 <= alpha.
Proof. apply Rle_trans with (1 := Rabs_pos (1 - step * least)). apply Rmax_l. Qed.

(** I - eta H stretches by at most alpha. *)
Lemma stretched : forall u v, norm (sub v (scale step (hess u v))) <= alpha * norm v.
Proof.
  intros u v. apply (operator_norm X (fun v => sub v (scale step (hess u v)))); [exact alpha_sign | |].
  - intros p q. open_inner. rewrite (symmetric u p q), (inner_comm p q). reflexivity.
  - intros p. open_inner. fold (square p). destruct (eigenvalues u p) as [low high].
    pose proof (square_nonneg p) as sign. fold (square p) in sign.
    assert (step * (least * square p) <= step * inner (hess u p) p) by (apply Rmult_le_compat_l; assumption).
    assert (step * inner (hess u p) p <= step * (largest * square p)) by (apply Rmult_le_compat_l; assumption).
    assert (1 - step * least <= alpha) by (apply Rle_trans with (1 := Rle_abs _), Rmax_l).
    assert (- alpha <= 1 - step * largest).
    { pose proof (Rle_abs (- (1 - step * largest))) as below. rewrite Rabs_Ropp in below.
      pose proof (Rmax_r (Rabs (1 - step * least)) (Rabs (1 - step * largest))). unfold alpha. lra. }
    assert ((1 - step * least) * square p <= alpha * square p) by (apply Rmult_le_compat_r; assumption).
    assert (- alpha * square p <= (1 - step * largest) * square p) by (apply Rmult_le_compat_r; assumption). lra.
Qed.

(** So does a step, of the difference of two points. *)
Lemma secant : forall u u', norm (sub (sub u' u) (scale step (sub (grad u') (grad u)))) <= alpha * norm (sub u' u).
Proof.
  intros u u'. set (v := sub u' u). set (q := sub v (scale step (sub (grad u') (grad u)))).
  pose proof (norm_nonneg X v). apply from_square; [| apply Rmult_le_pos; [exact alpha_sign | assumption]].
  set (phi := fun r => inner v q * r - step * inner (grad (add u (scale r v))) q).
  set (phi' := fun r => inner v q * 1 - step * inner (hess (add u (scale r v)) v) q).
  assert (forall r, 0 <= r <= 1 -> derivable_pt_lim phi r (phi' r)) as slope.
  { intros r _. apply derivable_pt_lim_minus.
    - apply (derivable_pt_lim_scal id), derivable_pt_lim_id.
    - apply (derivable_pt_lim_scal (fun r => inner (grad (add u (scale r v))) q)), derivative. }
  destruct (MVT_cor2 phi phi' 0 1 ltac:(lra) slope) as [r [mean _]].
  assert (phi' r <= alpha * norm v * norm q) as small.
  { unfold phi'. replace (inner v q * 1 - step * inner (hess (add u (scale r v)) v) q)
      with (inner (sub v (scale step (hess (add u (scale r v)) v))) q) by (open_inner; ring).
    apply Rle_trans with (1 := cauchy_schwarz X _ q).
    apply Rmult_le_compat_r; [apply norm_nonneg | apply stretched]. }
  unfold phi in mean. rewrite at_start in mean. unfold v in mean at 2. rewrite at_end in mean.
  assert (square q = inner v q - step * (inner (grad u') q - inner (grad u) q)) as whole
    by (unfold square, q at 1; open_inner; ring).
  lra.
Qed.

(** What the Hessian at u leaves of a difference of gradients. *)
Lemma remainder : forall u u',
  norm (sub (sub (grad u') (grad u)) (hess u (sub u' u))) <= bend / 2 * square (sub u' u).
Proof.
  intros u u'. set (v := sub u' u). set (q := sub (sub (grad u') (grad u)) (hess u v)).
  pose proof (square_nonneg v) as sign. fold (square v) in sign.
  apply from_square; [| apply Rmult_le_pos; lra].
  set (psi := fun r => inner (grad (add u (scale r v))) q - (inner (hess u v) q * r + bend / 2 * square v * norm q * (r * r))).
  set (psi' := fun r => inner (hess (add u (scale r v)) v) q
    - (inner (hess u v) q * 1 + bend / 2 * square v * norm q * (1 * r + r * 1))).
  assert (forall r, 0 <= r <= 1 -> derivable_pt_lim psi r (psi' r)) as slope.
  { intros r _. apply derivable_pt_lim_minus; [apply derivative |]. apply derivable_pt_lim_plus.
    - apply (derivable_pt_lim_scal id), derivable_pt_lim_id.
    - apply (derivable_pt_lim_scal (fun r => r * r)). apply (derivable_pt_lim_mult id id); apply derivable_pt_lim_id. }
  destruct (MVT_cor2 psi psi' 0 1 ltac:(lra) slope) as [r [mean [after before]]].
  assert (psi' r <= 0) as falls.
  { unfold psi'. set (moved := add u (scale r v)).
    assert (norm (sub moved u) = r * norm v) as length.
    { rewrite <- norm_scale by lra. apply same_norm. intros. unfold moved. open_inner. ring. }
    pose proof (lipschitz u moved v) as turned. rewrite length in turned.
    pose proof (cauchy_schwarz X (sub (hess moved v) (hess u v)) q) as above. rewrite inner_sub in above.
    assert (norm (sub (hess moved v) (hess u v)) * norm q <= bend * (r * norm v) * norm v * norm q)
      by (apply Rmult_le_compat_r; [apply norm_nonneg | exact turned]).
    rewrite <- (norm_squared X v). lra. }
  unfold psi in mean. rewrite at_start in mean. unfold v in mean at 1. rewrite at_end in mean.
  assert (square q = inner (grad u') q - inner (grad u) q - inner (hess u v) q) as whole
    by (unfold square, q at 1; open_inner; ring).
  lra.
Qed.

Lemma apart : forall u u' i,
  norm (sub (descent step grad u' i) (descent step grad u i)) <= alpha ^ i * norm (sub u' u).
Proof.
  intros u u'. induction i as [| i IH]; [simpl; lra |]. cbn [descent pow].
  set (p := descent step grad u i) in *. set (p' := descent step grad u' i) in *.
  rewrite (same_norm X _ (sub (sub p' p) (scale step (sub (grad p') (grad p))))) by (intros; open_inner; ring).
  apply Rle_trans with (1 := secant p p'). rewrite Rmult_assoc.
  apply Rmult_le_compat_l; [exact alpha_sign | exact IH].
Qed.

(** i local steps: the error of a first guess v of the difference, and what first order misses on the way. *)
Lemma missed : forall u u' v most i, norm (sub u' u) <= most ->
  norm (sub (sub (descent step grad u' i) (descent step grad u i)) (carried step grad hess u v i))
  <= alpha ^ i * norm (sub (sub u' u) v) + step * bend / 2 * (most * most) * powers alpha (i - 1) i.
Proof.
  intros u u' v most i close. pose proof (norm_nonneg X (sub u' u)). pose proof alpha_sign.
  induction i as [| i IH]; [unfold powers; simpl; lra |]. cbn [descent carried].
  set (p := descent step grad u i) in *. set (p' := descent step grad u' i) in *. set (c := carried step grad hess u v i) in *.
  set (d := sub (sub p' p) c) in *. set (r := sub (sub (grad p') (grad p)) (hess p (sub p' p))).
  assert (forall x y q, inner (hess p (sub x y)) q = inner (hess p x) q - inner (hess p y) q) as linear
    by (intros; rewrite symmetric, inner_sub_right, (symmetric p x), (symmetric p y); reflexivity).
  rewrite (same_norm X _ (sub (sub d (scale step (hess p d))) (scale step r)))
    by (intros; unfold d, r; open_inner; rewrite !linear; ring).
  apply Rle_trans with (1 := triangle_sub X _ _). rewrite norm_scale by exact step_sign.
  pose proof (stretched p d) as one. pose proof (remainder p p') as two. fold r in two.
  pose proof (apart u u' i) as three. fold p p' in three.
  assert (norm (sub p' p) <= alpha ^ i * most) as four.
  { apply Rle_trans with (1 := three). apply Rmult_le_compat_l; [apply pow_le; assumption | exact close]. }
  assert (square (sub p' p) <= alpha ^ i * most * (alpha ^ i * most)) as five
    by (rewrite <- norm_squared; apply Rmult_le_compat; (apply norm_nonneg || exact four)).
  assert (step * norm r <= step * (bend / 2 * (alpha ^ i * most * (alpha ^ i * most)))).
  { apply Rmult_le_compat_l; [exact step_sign |]. apply Rle_trans with (1 := two).
    apply Rmult_le_compat_l; [lra | exact five]. }
  assert (alpha * norm d <= alpha * (alpha ^ i * norm (sub (sub u' u) v) + step * bend / 2 * (most * most) * powers alpha (i - 1) i))
    by (apply Rmult_le_compat_l; assumption).
  replace (powers alpha (S i - 1) (S i)) with (alpha * powers alpha (i - 1) i + alpha ^ i * alpha ^ i).
  - cbn [pow]. lra.
  - unfold powers. cbn [sum]. rewrite <- sum_scale, <- pow_add. replace (S i - 1)%nat with i by lia. f_equal.
    apply sum_ext. intros j inside. replace (i + j)%nat with (S (i - 1 + j)) by lia. reflexivity.
Qed.

End Client.

(** {1 All rounds} *)

Section LeaveOneOut.
Context {N : Setting} (run : LeftOut N) (least largest bend : R).
Hypothesis weighted : federated run.
Hypothesis hessians : curved run least largest bend.
Hypothesis bend_sign : 0 <= bend.
Hypothesis one_step : forall t, (t < T)%nat -> eta t = eta 0.

Let a : R := alpha least largest (eta 0).
Let gamma : R := powers a (local run) 1.
Let kappa : R := eta 0 * bend / 2 * powers a (local run - 1) (local run).
Let error (t : nat) : R := norm (sub (sub (w' run t) (w run t)) (estimate run t)).

Lemma one_round : forall t most, (t < T)%nat -> norm (sub (w' run t) (w run t)) <= most ->
  error (S t) <= gamma * error t + kappa * most ^ 2.
Proof.
  intros t most inside close. unfold error. rewrite (retrained run t inside), (estimated run t inside), (one_step t inside).
  set (each := fun k => sub (sub (descent (eta 0) (grad run k) (w' run t) (local run)) (descent (eta 0) (grad run k) (w run t) (local run)))
    (carried (eta 0) (grad run k) (hess run k) (w run t) (estimate run t) (local run))).
  rewrite (same_norm (space run) _ (vsum (clients run) (fun k => scale (share run t k) (each k)))).
  2: { intros q. open_inner. rewrite !inner_vsum.
       rewrite (sum_ext (clients run) (fun k => inner (scale (share run t k) (each k)) q)
         (fun k => inner (scale (share run t k) (descent (eta 0) (grad run k) (w' run t) (local run))) q
           - inner (scale (share run t k) (descent (eta 0) (grad run k) (w run t) (local run))) q
           - inner (scale (share run t k) (carried (eta 0) (grad run k) (hess run k) (w run t) (estimate run t) (local run))) q))
         by (intros; unfold each; open_inner; ring).
       rewrite !sum_minus. ring. }
  apply Rle_trans with (1 := norm_vsum (space run) _ _). destruct (weighted t inside) as [sign whole].
  replace (gamma * norm (sub (sub (w' run t) (w run t)) (estimate run t)) + kappa * most ^ 2)
    with ((gamma * norm (sub (sub (w' run t) (w run t)) (estimate run t)) + kappa * most ^ 2) * sum (clients run) (share run t))
    by (rewrite whole; ring).
  rewrite <- sum_scale. apply sum_le. intros k here. rewrite norm_scale by (apply sign; exact here).
  rewrite (Rmult_comm (_ + _)). apply Rmult_le_compat_l; [apply sign; exact here |].
  destruct (hessians k here) as [derivative [symmetric [eigenvalues lipschitz]]].
  pose proof (steps_nonneg 0%nat ltac:(pose proof some_step; lia)) as step_sign.
  pose proof (missed (grad run k) (hess run k) least largest bend (eta 0) derivative symmetric eigenvalues lipschitz step_sign
    bend_sign (w run t) (w' run t) (estimate run t) most (local run) close) as bound.
  apply Rle_trans with (1 := bound). apply Req_le. unfold gamma, kappa, a.
  assert (forall b n, powers b n 1 = b ^ n) as single by (intros; unfold powers; simpl; rewrite Nat.add_0_r; ring).
  rewrite single. ring.
Qed.

(** Nothing is missed in the first round, at whose start there is no influence. *)
Lemma first_round : error 1 <= 0.
Proof.
  assert (norm (sub (w' run 0) (w run 0)) = 0) as none.
  { rewrite (start run), (same_norm (space run) _ zero) by (intros; open_inner; rewrite inner_zero; ring). apply norm_zero. }
  pose proof (one_round 0 0 ltac:(pose proof some_step; lia) ltac:(rewrite none; lra)) as bound.
  replace (error 0) with 0 in bound; [lra |]. unfold error. rewrite <- none. apply same_norm. intros.
  rewrite (estimate_start run). open_inner. rewrite inner_zero. ring.
Qed.

Theorem leave_one_out : forall most, influence_at_most run most ->
  measured run <= kappa * most ^ 2 * powers gamma 0 (T - 1).
Proof.
  intros most close.
  assert (0 <= gamma) as sign.
  { apply sum_nonneg. intros. apply pow_le, alpha_sign. }
  assert (forall t, (S t <= T)%nat -> error (S t) <= kappa * most ^ 2 * powers gamma 0 t) as all.
  { induction t as [| t IH]; intros inside.
    - apply Rle_trans with (1 := first_round). unfold powers. simpl. lra.
    - apply Rle_trans with (1 := one_round (S t) most inside (close (S t) inside)).
      assert (gamma * error (S t) <= gamma * (kappa * most ^ 2 * powers gamma 0 t))
        by (apply Rmult_le_compat_l; [exact sign | apply IH; lia]).
      replace (powers gamma 0 (S t)) with (1 + gamma * powers gamma 0 t); [lra |].
      unfold powers. rewrite sum_shift, <- sum_scale. f_equal. }
  pose proof some_step. specialize (all (T - 1)%nat ltac:(lia)). replace (S (T - 1)) with T in all by lia. exact all.
Qed.

End LeaveOneOut.
