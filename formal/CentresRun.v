(** A run of several centres on convex losses: what a step reads lacks late updates and what other centres withhold. *)

From Coq Require Import Reals Lra Lia.
From Gradlag Require Import Sums Space Setting.
Open Scope R_scope.

(** Step k reads z_k, where its loss f_k has the gradient a_k: x_{k+1} = x_k - eta_k a_k. The regret is against star. *)
Record Centres {N : Setting} := {
  space : Space;
  loss : nat -> space -> R;
  x : nat -> space;
  z : nat -> space;
  a : nat -> space;
  star : space;
  iteration : forall k, (k < T)%nat -> x (S k) = sub (x k) (scale (eta k) (a k));
}.
Arguments Centres : clear implicits.

Section Centres.
Context {N : Setting} (run : Centres N).

Definition regret (k : nat) : R := loss run k (z run k) - loss run k (star run).

(** The mean regret. *)
Definition measured : R := total regret / INR T.

(** a_k is a gradient of a convex f_k, of norm at most G; the points x_k are at most `radius` away from star. *)
Definition convex_losses (G radius : R) : Prop := forall k, (k < T)%nat ->
  (forall y, loss run k (z run k) + inner (a run k) (sub y (z run k)) <= loss run k y) /\
  norm (a run k) <= G /\ norm (sub (x run k) (star run)) <= radius.

(** z_k lacks a part of each update in W_k, and a vector of each other centre: a share of the parameters there, which
    falls with the step at which the window begins. *)
Definition several_centres (centres threshold size : R) : Prop :=
  exists (others : nat) (late : nat -> nat -> space run) (withheld : nat -> nat -> space run),
  centres = INR others + 1 /\ forall k, (k < T)%nat ->
  z run k = add (x run k) (add (vsum T (fun j => scale (ind (in_window k j) * eta j) (late k j)))
    (vsum others (withheld k))) /\
  (forall j, (j < T)%nat -> norm (late k j) <= norm (a run j)) /\
  (forall c, (c < others)%nat -> norm (withheld k c) <= threshold * eta (tau k) * size).

End Centres.
