(** A finite probability space, expectation as a finite sum, and random vectors as a space of their own. *)

From Coq Require Import Reals Lra Lia Arith.
From Gradlag Require Import Sums Space.
Open Scope R_scope.

Record Probability := {
  outcomes : nat;
  chance : nat -> R;
  chance_nonneg : forall w, (w < outcomes)%nat -> 0 <= chance w;
  chances_add_up : sum outcomes chance = 1;
}.

(** The expectation of a random number. *)
Definition E (P : Probability) (a : nat -> R) : R := sum (outcomes P) (fun w => chance P w * a w).

Section Expectation.
Context (P : Probability).

Lemma E_ext : forall a b, (forall w, (w < outcomes P)%nat -> a w = b w) -> E P a = E P b.
Proof. intros a b same. apply sum_ext. intros w inside. rewrite same; [reflexivity | exact inside]. Qed.

Lemma E_le : forall a b, (forall w, (w < outcomes P)%nat -> a w <= b w) -> E P a <= E P b.
Proof.
  intros a b below. apply sum_le. intros w inside.
  apply Rmult_le_compat_l; [apply chance_nonneg | apply below]; exact inside.
Qed.

Lemma E_const : forall c, E P (fun _ => c) = c.
Proof.
  intros c. unfold E. rewrite (sum_ext _ _ (fun w => c * chance P w)) by (intros; ring).
  rewrite sum_scale, chances_add_up. ring.
Qed.

Lemma E_plus : forall a b, E P (fun w => a w + b w) = E P a + E P b.
Proof. intros. unfold E. rewrite <- sum_plus. apply sum_ext. intros. ring. Qed.

Lemma E_minus : forall a b, E P (fun w => a w - b w) = E P a - E P b.
Proof. intros. unfold E. rewrite <- sum_minus. apply sum_ext. intros. ring. Qed.

Lemma E_scale : forall c a, E P (fun w => c * a w) = c * E P a.
Proof. intros. unfold E. rewrite <- sum_scale. apply sum_ext. intros. ring. Qed.

Lemma E_nonneg : forall a, (forall w, 0 <= a w) -> 0 <= E P a.
Proof. intros a sign. rewrite <- (E_const 0). apply E_le. intros. apply sign. Qed.

(** Random vectors, with the inner product E<a, b>. *)
Definition Expected (X : Form) : Form.
Proof.
  refine {|
    vector := nat -> X;
    zero := fun _ => zero;
    add := fun a b w => add (a w) (b w);
    scale := fun t a w => scale t (a w);
    inner := fun a b => E P (fun w => inner (a w) (b w));
  |}.
  - intros. apply E_ext. intros. apply inner_comm.
  - intros. rewrite <- (E_const 0). apply E_ext. intros. apply inner_zero.
  - intros. rewrite <- E_plus. apply E_ext. intros. apply inner_add.
  - intros. rewrite <- E_scale. apply E_ext. intros. apply inner_scale.
  - intros. apply E_nonneg. intros. apply square_nonneg.
Defined.

End Expectation.
