(** Federated averaging with a client left out: what retraining without it changes, and an estimate of that. *)

From Coq Require Import Reals Lra Lia.
From Gradlag Require Import Sums Space Setting.
Open Scope R_scope.

(** Local steps of gradient descent from w. *)
Fixpoint descent {X : Space} (step : R) (grad : X -> X) (w : X) (i : nat) : X :=
  match i with O => w | S j => sub (descent step grad w j) (scale step (grad (descent step grad w j))) end.

(** What a change v of w becomes by them, to first order: the factors I - eta H along the way, one after the other. *)
Fixpoint carried {X : Space} (step : R) (grad : X -> X) (hess : X -> X -> X) (w v : X) (i : nat) : X :=
  match i with
  | O => v
  | S j => sub (carried step grad hess w v j)
      (scale step (hess (descent step grad w j) (carried step grad hess w v j)))
  end.

(** Round t of T takes the models w_t, of all clients, and w'_t, without the one that is left out, to the next. Of w_t it
    does not matter how it came about. `share t` are the weights of the others in round t, and sum up to 1. *)
Record LeftOut {N : Setting} := {
  space : Space;
  clients : nat;
  share : nat -> nat -> R;
  local : nat;
  grad : nat -> space -> space;
  hess : nat -> space -> space -> space;
  w : nat -> space;
  w' : nat -> space;
  estimate : nat -> space;
  start : w' 0 = w 0;
  retrained : forall t, (t < T)%nat ->
    w' (S t) = vsum clients (fun k => scale (share t k) (descent (eta t) (grad k) (w' t) local));
  estimate_start : estimate 0 = zero;
  estimated : forall t, (t < T)%nat ->
    estimate (S t) = add (vsum clients (fun k => scale (share t k) (carried (eta t) (grad k) (hess k) (w t) (estimate t) local)))
      (sub (vsum clients (fun k => scale (share t k) (descent (eta t) (grad k) (w t) local))) (w (S t)));
}.
Arguments LeftOut : clear implicits.

Section LeftOut.
Context {N : Setting} (run : LeftOut N).

(** By how much the estimate misses after T rounds. *)
Definition measured : R := norm (sub (sub (w' run T) (w run T)) (estimate run T)).

Definition federated : Prop := forall t, (t < T)%nat ->
  (forall k, (k < clients run)%nat -> 0 <= share run t k) /\ sum (clients run) (share run t) = 1.

(** hess k is the Hessian of the loss of client k, whose gradient is grad k: symmetric, of eigenvalues from `least` to
    `largest`, and Lipschitz continuous. *)
Definition curved (least largest bend : R) : Prop := forall k, (k < clients run)%nat ->
  (forall (u v q : space run) r, derivable_pt_lim (fun r => inner (grad run k (add u (scale r v))) q) r
    (inner (hess run k (add u (scale r v)) v) q)) /\
  (forall u v q, inner (hess run k u v) q = inner (hess run k u q) v) /\
  (forall u v, least * square v <= inner (hess run k u v) v <= largest * square v) /\
  (forall u u' v, norm (sub (hess run k u' v) (hess run k u v)) <= bend * norm (sub u' u) * norm v).

Definition influence_at_most (most : R) : Prop := forall t, (t < T)%nat -> norm (sub (w' run t) (w run t)) <= most.

(** Sums of powers: count of them from `first` on. *)
Definition powers (base : R) (first count : nat) : R := sum count (fun i => base ^ (first + i)).
Definition floor (number : R) : R := IZR (Int_part number).

End LeftOut.
