(** A run without noise of a method that takes back part of the moves before, and what theorems assume of it. *)

From Coq Require Import Reals Lra Lia.
From Gradlag Require Import Sums Space Objective Setting.
Open Scope R_scope.

(** x_{k+1} = x_k - eta_k grad F(x_{tau_k}) - sum_{j<k} m_j (x_{k-j} - x_{k-j-1}): m_j is what a step takes back of the
    move j + 1 steps before it. *)
Record Moving {N : Setting} := {
  space : Space;
  F : space -> R;
  grad : space -> space;
  gradient : is_gradient F grad;
  moves : nat -> R;
  x : nat -> space;
  iteration : forall k, (k < T)%nat ->
    x (S k) = sub (sub (x k) (scale (eta k) (grad (x (tau k)))))
      (vsum k (fun j => scale (moves j) (sub (x (k - j)) (x (k - j - 1)))));
}.
Arguments Moving : clear implicits.

Section Moving.
Context {N : Setting} (run : Moving N).

(** |grad F(x_t)|^2, of which the theorems speak. *)
Definition mean_square (t : nat) : R := square (grad run (x run t)).

Definition smooth : Prop := lipschitz (grad run) L.

(** F(x_0) - inf F <= Delta. *)
Definition bounded_below : Prop := forall y, F run (x run 0) - F run y <= Delta.

End Moving.
