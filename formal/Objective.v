(** L-smooth functions: from a Lipschitz continuous gradient to the inequalities that the proofs use. *)

From Coq Require Import Reals Lra Lia.
From Gradlag Require Import Sums Space.
Open Scope R_scope.

Section Objective.
Context {X : Space} (F : X -> R) (grad : X -> X) (L : R).

(** grad is the gradient of F: along every line, the derivative of F is the inner product with the direction. *)
Definition is_gradient : Prop := forall (x v : X) t,
  derivable_pt_lim (fun u => F (add x (scale u v))) t (inner (grad (add x (scale t v))) v).

Definition lipschitz : Prop := forall x y, norm (sub (grad x) (grad y)) <= L * norm (sub x y).

Hypothesis gradient : is_gradient.
Hypothesis smooth : lipschitz.
Hypothesis positive : 0 < L.

Lemma scale_zero : forall v : X, scale 0 v = zero.
Proof.
  intros v. replace 0 with (1 + -1) by lra. rewrite scale_plus, scale_one. apply add_negative.
Qed.

Lemma at_start : forall x v : X, add x (scale 0 v) = x.
Proof. intros. rewrite scale_zero. apply add_zero. Qed.

Lemma at_end : forall x y : X, add x (scale 1 (sub y x)) = y.
Proof.
  intros x y. rewrite scale_one. unfold sub.
  rewrite add_comm, <- add_assoc, (add_comm X (scale (-1) x) x), add_negative. apply add_zero.
Qed.

(** Along a line the slope changes by at most L t |v|^2. *)
Lemma slope : forall (x v : X) t, 0 <= t ->
  - (L * t * square v) <= inner (grad (add x (scale t v))) v - inner (grad x) v <= L * t * square v.
Proof.
  intros x v t sign. set (moved := add x (scale t v)).
  assert (norm (sub moved x) = t * norm v) as length.
  { unfold norm at 1. replace (square (sub moved x)) with ((t * norm v) * (t * norm v)).
    - apply sqrt_square, Rmult_le_pos; [exact sign | apply norm_nonneg].
    - replace (t * norm v * (t * norm v)) with (t * t * (norm v * norm v)) by ring. rewrite norm_squared.
      unfold moved. open_inner. rewrite (inner_comm v x). ring. }
  assert (norm (sub (grad moved) (grad x)) * norm v <= L * t * square v) as turned.
  { rewrite <- norm_squared. pose proof (smooth moved x) as lip. rewrite length in lip.
    replace (L * t * (norm v * norm v)) with (L * (t * norm v) * norm v) by ring.
    apply Rmult_le_compat_r; [apply norm_nonneg | exact lip]. }
  pose proof (cauchy_schwarz X (sub (grad moved) (grad x)) v) as above.
  pose proof (cauchy_schwarz X (sub (grad moved) (grad x)) (scale (-1) v)) as below.
  replace (norm (scale (-1) v)) with (norm v) in below
    by (unfold norm; rewrite square_scale; f_equal; ring).
  rewrite inner_sub in above. rewrite inner_scale_right, inner_sub in below. lra.
Qed.

(** The two-sided quadratic bound, by the mean value theorem for F(x + t v) -+ (t <grad F(x), v> + L t^2 |v|^2 / 2). *)
Lemma quadratic_bound : forall (x v : X) c, (c = 1 \/ c = -1) ->
  c * (F (add x (scale 1 v)) - F x - inner (grad x) v) <= L / 2 * square v.
Proof.
  intros x v c side.
  set (psi := fun t => c * F (add x (scale t v)) - (c * inner (grad x) v * t + L / 2 * square v * (t * t))).
  set (psi' := fun t => c * inner (grad (add x (scale t v))) v - (c * inner (grad x) v * 1 + L / 2 * square v * (1 * t + t * 1))).
  assert (forall t, 0 <= t <= 1 -> derivable_pt_lim psi t (psi' t)) as derivative.
  { intros t _. apply derivable_pt_lim_minus.
    - apply (derivable_pt_lim_scal (fun u => F (add x (scale u v)))), gradient.
    - apply derivable_pt_lim_plus.
      + apply (derivable_pt_lim_scal id), derivable_pt_lim_id.
      + apply (derivable_pt_lim_scal (fun u => u * u)).
        apply (derivable_pt_lim_mult id id); apply derivable_pt_lim_id. }
  destruct (MVT_cor2 psi psi' 0 1 ltac:(lra) derivative) as [t [mean [after before]]].
  assert (psi' t <= 0) as falls.
  { unfold psi'. pose proof (slope x v t ltac:(lra)). destruct side; subst c; lra. }
  unfold psi in mean. rewrite at_start in mean. lra.
Qed.

Lemma upper_bound : forall x y : X, F y <= F x + inner (grad x) (sub y x) + L / 2 * square (sub y x).
Proof. intros x y. pose proof (quadratic_bound x (sub y x) 1 ltac:(left; lra)) as bound. rewrite at_end in bound. lra. Qed.

Lemma lower_bound : forall x y : X, F x + inner (grad x) (sub y x) - L / 2 * square (sub y x) <= F y.
Proof.
  intros x y. pose proof (quadratic_bound x (sub y x) (-1) ltac:(right; lra)) as bound. rewrite at_end in bound. lra.
Qed.

(** The interpolation inequality: the point z = (x + y)/2 + (grad F(y) - grad F(x))/2L seen from x and from y. *)
Lemma interpolation : forall x y : X,
  inner (add (grad x) (grad y)) (sub x y) / 2
  + (square (sub (grad x) (grad y)) - L * L * square (sub x y)) / (4 * L) <= F x - F y.
Proof.
  intros x y.
  set (z := add (scale (1 / 2) (add x y)) (scale (1 / (2 * L)) (sub (grad y) (grad x)))).
  pose proof (upper_bound x z) as above. pose proof (lower_bound y z) as below.
  set (d := sub x y) in *. set (u := sub (grad y) (grad x)) in *.
  assert (forall a, inner a (sub z x) = - (1 / 2) * inner a d + 1 / (2 * L) * inner a u) as from_x
    by (intros; unfold z, d; open_inner; lra).
  assert (forall a, inner a (sub z y) = 1 / 2 * inner a d + 1 / (2 * L) * inner a u) as from_y
    by (intros; unfold z, d; open_inner; lra).
  assert (square (sub z x) = 1 / 4 * square d - 1 / (2 * L) * inner d u + 1 / (4 * L * L) * square u) as square_x.
  { unfold square at 1. rewrite from_x, (inner_comm _ d), (inner_comm _ u), !from_x, (inner_comm u d).
    fold (square d) (square u). field. lra. }
  assert (square (sub z y) = 1 / 4 * square d + 1 / (2 * L) * inner d u + 1 / (4 * L * L) * square u) as square_y.
  { unfold square at 1. rewrite from_y, (inner_comm _ d), (inner_comm _ u), !from_y, (inner_comm u d).
    fold (square d) (square u). field. lra. }
  rewrite from_x, square_x in above. rewrite from_y, square_y in below.
  assert (square u = inner (grad y) u - inner (grad x) u) as turned by (unfold square, u at 1; apply inner_sub).
  replace (square (sub (grad x) (grad y))) with (square u)
    by (unfold u; rewrite !square_sub, (inner_comm (grad x) (grad y)); ring).
  rewrite inner_add.
  replace ((square u - L * L * square d) / (4 * L)) with (1 / (4 * L) * square u - L / 4 * square d) by (field; lra).
  assert (L / 2 * (1 / (4 * L * L) * square u) = 1 / (8 * L) * square u) as small by (field; lra).
  assert (1 / (2 * L) * inner (grad y) u - 1 / (2 * L) * inner (grad x) u = 1 / (4 * L) * square u + 2 * (1 / (8 * L) * square u))
    as parts by (rewrite turned; field; lra).
  lra.
Qed.

Lemma lipschitz_squared : forall x y : X, square (sub (grad x) (grad y)) <= L * L * square (sub x y).
Proof.
  intros x y. rewrite <- !norm_squared.
  replace (L * L * (norm (sub x y) * norm (sub x y))) with ((L * norm (sub x y)) * (L * norm (sub x y))) by ring.
  apply Rmult_le_compat; (apply norm_nonneg || apply smooth).
Qed.

(** |grad F(x)|^2 <= 2 L (F(x) - F(y)) at the point y = x - grad F(x)/L: F falls there by that much. *)
Lemma falls : forall x : X, exists y, F y <= F x - square (grad x) / (2 * L).
Proof.
  intros x. exists (sub x (scale (1 / L) (grad x))).
  pose proof (upper_bound x (sub x (scale (1 / L) (grad x)))) as above.
  set (y := sub x (scale (1 / L) (grad x))) in *.
  assert (forall a, inner a (sub y x) = - (1 / L) * inner a (grad x)) as step by (intros; unfold y; open_inner; lra).
  assert (square (sub y x) = 1 / L * (1 / L) * square (grad x)) as length
    by (unfold square; rewrite step, inner_comm, step; ring).
  rewrite length, step in above. fold (square (grad x)) in above.
  assert (- (1 / L) * square (grad x) + L / 2 * (1 / L * (1 / L) * square (grad x)) = - (square (grad x) / (2 * L)))
    as fall by (field; lra).
  lra.
Qed.

End Objective.
