(** U_m = sin(m theta)/sin(theta), with its limits where sin(theta) = 0: U_0 = 0, U_1 = 1, U_{m+1} + U_{m-1} = 2 cos(theta) U_m. *)

From Coq Require Import Reals Lra Lia.
Open Scope R_scope.

Fixpoint sine_ratio (m : nat) (theta : R) : R :=
  match m with
  | O => 0
  | S n => match n with O => 1 | S p => 2 * cos theta * sine_ratio n theta - sine_ratio p theta end
  end.
