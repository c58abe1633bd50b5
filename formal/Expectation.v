(** The inequalities of an L-smooth function at random points, in expectation. *)

From Coq Require Import Reals Lra.
From Gradlag Require Import Sums Space Probability Objective.
Open Scope R_scope.

Section Expectation.
Context {X : Space} (P : Probability) (F : X -> R) (grad : X -> X) (L : R).
Hypothesis gradient : is_gradient F grad.
Hypothesis smooth : lipschitz grad L.
Hypothesis positive : 0 < L.
Context (x : nat -> nat -> X) (Delta : R).

Notation g k := ((fun w => grad (x k w)) : Expected P X).
Notation xs k := (x k : Expected P X).
Notation f k := (E P (fun w => F (x k w))).

Lemma expected_interpolation : forall a b,
  inner (add (g a) (g b)) (sub (xs a) (xs b)) / 2
  + (square (sub (g a) (g b)) - L * L * square (sub (xs a) (xs b))) / (4 * L) <= f a - f b.
Proof.
  intros a b. rewrite <- E_minus.
  apply Rle_trans with (E P (fun w => 1 / 2 * inner (add (grad (x a w)) (grad (x b w))) (sub (x a w) (x b w))
    + (1 / (4 * L) * square (sub (grad (x a w)) (grad (x b w))) - L / 4 * square (sub (x a w) (x b w))))).
  - rewrite E_plus, E_minus, !E_scale.
    change (E P (fun w => inner (add (grad (x a w)) (grad (x b w))) (sub (x a w) (x b w))))
      with (inner (add (g a) (g b)) (sub (xs a) (xs b))).
    change (E P (fun w => square (sub (grad (x a w)) (grad (x b w))))) with (square (sub (g a) (g b))).
    change (E P (fun w => square (sub (x a w) (x b w)))) with (square (sub (xs a) (xs b))).
    apply Req_le. field. lra.
  - apply E_le. intros w _.
    apply Rle_trans with (2 := interpolation F grad L gradient smooth positive (x a w) (x b w)).
    apply Req_le. field. lra.
Qed.

Lemma expected_lipschitz : forall a b, square (sub (g a) (g b)) <= L * L * square (sub (xs a) (xs b)).
Proof.
  intros a b.
  change (E P (fun w => square (sub (grad (x a w)) (grad (x b w)))) <= L * L * E P (fun w => square (sub (x a w) (x b w)))).
  rewrite <- E_scale. apply E_le. intros w _. exact (lipschitz_squared grad L smooth (x a w) (x b w)).
Qed.

(** In every outcome F falls from x_a by |g_a|^2/2L to some point, where it is at least E F(x_0) - Delta. *)
Hypothesis below : forall y, f 0%nat - F y <= Delta.

Lemma expected_fall : forall a, square (g a) / (2 * L) <= f a - (f 0%nat - Delta).
Proof.
  intros a.
  replace (square (g a) / (2 * L)) with (1 / (2 * L) * E P (fun w => square (grad (x a w))))
    by (change (E P (fun w => square (grad (x a w)))) with (square (g a)); field; lra).
  rewrite <- E_scale. apply Rle_trans with (E P (fun w => F (x a w) - (f 0%nat - Delta))).
  - apply E_le. intros w _. destruct (falls F grad L gradient smooth positive (x a w)) as [y fall].
    pose proof (below y) as low.
    replace (1 / (2 * L) * square (grad (x a w))) with (square (grad (x a w)) / (2 * L)) by (field; lra). lra.
  - rewrite E_minus, E_const. apply Rle_refl.
Qed.

End Expectation.
