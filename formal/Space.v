(** Inner-product spaces over the reals: a form that is bilinear, symmetric and not negative on squares.
    Completeness is not needed, nor that only the zero vector has the square 0. *)

From Coq Require Import Reals Lra Lia Arith.
From Gradlag Require Import Sums.
Open Scope R_scope.

(** Vectors with an inner product. What the proofs use of a vector is seen through the inner product. *)
Record Form := {
  vector :> Type;
  zero : vector;
  add : vector -> vector -> vector;
  scale : R -> vector -> vector;
  inner : vector -> vector -> R;
  inner_comm : forall a b, inner a b = inner b a;
  inner_zero : forall a, inner zero a = 0;
  inner_add : forall a b c, inner (add a b) c = inner a c + inner b c;
  inner_scale : forall t a b, inner (scale t a) b = t * inner a b;
  square_nonneg : forall a, 0 <= inner a a;
}.

Arguments zero {_}.
Arguments add {_}.
Arguments scale {_}.
Arguments inner {_}.
Arguments inner_comm {_}.
Arguments inner_zero {_}.
Arguments inner_add {_}.
Arguments inner_scale {_}.
Arguments square_nonneg {_}.

(** An inner-product space: a form on a real vector space. *)
Record Space := {
  form :> Form;
  add_comm : forall a b : form, add a b = add b a;
  add_assoc : forall a b c : form, add a (add b c) = add (add a b) c;
  add_zero : forall a : form, add a zero = a;
  add_negative : forall a : form, add a (scale (-1) a) = zero;
  scale_one : forall a : form, scale 1 a = a;
  scale_scale : forall s t (a : form), scale s (scale t a) = scale (s * t) a;
  scale_plus : forall s t (a : form), scale (s + t) a = add (scale s a) (scale t a);
  scale_add : forall t (a b : form), scale t (add a b) = add (scale t a) (scale t b);
}.

Definition sub {X : Form} (a b : X) : X := add a (scale (-1) b).
Definition square {X : Form} (a : X) : R := inner a a.
Definition norm {X : Form} (a : X) : R := sqrt (square a).

Lemma inner_add_right : forall (X : Form) (a b c : X), inner a (add b c) = inner a b + inner a c.
Proof. intros. rewrite inner_comm, inner_add, (inner_comm b), (inner_comm c). reflexivity. Qed.

Lemma inner_scale_right : forall (X : Form) t (a b : X), inner a (scale t b) = t * inner a b.
Proof. intros. rewrite inner_comm, inner_scale, inner_comm. reflexivity. Qed.

Lemma inner_sub : forall (X : Form) (a b c : X), inner (sub a b) c = inner a c - inner b c.
Proof. intros. unfold sub. rewrite inner_add, inner_scale. lra. Qed.

Lemma inner_sub_right : forall (X : Form) (a b c : X), inner a (sub b c) = inner a b - inner a c.
Proof. intros. unfold sub. rewrite inner_add_right, inner_scale_right. lra. Qed.

(** Inner products of sums are sums of inner products. *)
Ltac open_inner :=
  unfold square;
  repeat first [rewrite inner_add | rewrite inner_add_right | rewrite inner_sub | rewrite inner_sub_right
               | rewrite inner_scale | rewrite inner_scale_right].

Lemma square_sub : forall (X : Form) (a b : X), square (sub a b) = square a - 2 * inner a b + square b.
Proof. intros. open_inner. rewrite (inner_comm b a). lra. Qed.

Lemma square_add : forall (X : Form) (a b : X), square (add a b) = square a + 2 * inner a b + square b.
Proof. intros. open_inner. rewrite (inner_comm b a). lra. Qed.

Lemma square_scale : forall (X : Form) t (a : X), square (scale t a) = t * t * square a.
Proof. intros. open_inner. lra. Qed.

(** |a - b|^2 is at least 0. *)
Lemma square_sub_nonneg : forall (X : Form) (a b : X), 2 * inner a b <= square a + square b.
Proof. intros. pose proof (square_nonneg (sub a b)) as sign. fold (square (sub a b)) in sign.
  rewrite square_sub in sign. lra. Qed.

(** Young: 2 <a, b> <= t |a|^2 + |b|^2 / t. *)
Lemma young : forall (X : Form) t (a b : X), 0 < t -> 2 * inner a b <= t * square a + square b / t.
Proof.
  intros X t a b positive. pose proof (square_nonneg (sub (scale t a) b)) as sign.
  fold (square (sub (scale t a) b)) in sign. rewrite square_sub, square_scale, inner_scale in sign.
  apply Rmult_le_reg_l with t; [exact positive |].
  replace (t * (t * square a + square b / t)) with (t * t * square a + square b) by (field; lra). lra.
Qed.

(** A vector with the square 0 is orthogonal to all. *)
Lemma null_is_orthogonal : forall (X : Form) (a b : X), square a <= 0 -> inner a b = 0.
Proof.
  intros X a b null. assert (0 = square a) as none by (apply Rle_antisym; [apply square_nonneg | exact null]).
  assert (forall t, 0 <= square b + 2 * t * inner a b) as line.
  { intros t. pose proof (square_nonneg (add (scale t a) b)) as sign. fold (square (add (scale t a) b)) in sign.
    rewrite square_add, square_scale, inner_scale, <- none in sign. lra. }
  pose proof (square_nonneg b) as positive. fold (square b) in positive.
  destruct (Req_dec (inner a b) 0) as [| other]; [assumption | exfalso].
  specialize (line (- (square b + 1) / (2 * inner a b))).
  replace (2 * (- (square b + 1) / (2 * inner a b)) * inner a b) with (- (square b + 1)) in line by (field; lra). lra.
Qed.

Lemma norm_squared : forall (X : Form) (a : X), norm a * norm a = square a.
Proof. intros. apply sqrt_sqrt, square_nonneg. Qed.

Lemma norm_nonneg : forall (X : Form) (a : X), 0 <= norm a.
Proof. intros. apply sqrt_pos. Qed.

(** Cauchy-Schwarz. *)
Lemma cauchy_schwarz : forall (X : Form) (a b : X), inner a b <= norm a * norm b.
Proof.
  intros X a b. pose proof (norm_nonneg X a). pose proof (norm_nonneg X b).
  destruct (Req_dec (norm a) 0) as [none | some].
  - rewrite (null_is_orthogonal X a b); [rewrite none; lra | rewrite <- norm_squared, none; lra].
  - destruct (Req_dec (norm b) 0) as [none' | some'].
    + rewrite inner_comm, (null_is_orthogonal X b a); [rewrite none'; lra | rewrite <- norm_squared, none'; lra].
    + pose proof (young X (norm b / norm a) a b ltac:(apply Rdiv_lt_0_compat; lra)) as mixed.
      rewrite <- (norm_squared X a), <- (norm_squared X b) in mixed.
      replace (norm b / norm a * (norm a * norm a) + norm b * norm b / (norm b / norm a))
        with (2 * (norm a * norm b)) in mixed by (field; lra). lra.
Qed.

(** Sums of vectors. *)
Fixpoint vsum {X : Form} (n : nat) (v : nat -> X) : X :=
  match n with O => zero | S m => add (vsum m v) (v m) end.

Lemma inner_vsum : forall (X : Form) n (v : nat -> X) a, inner (vsum n v) a = sum n (fun j => inner (v j) a).
Proof. induction n as [| n IH]; intros; simpl; [apply inner_zero | rewrite inner_add, IH; reflexivity]. Qed.

Lemma inner_vsum_right : forall (X : Form) n (v : nat -> X) a, inner a (vsum n v) = sum n (fun j => inner a (v j)).
Proof. intros. rewrite inner_comm, inner_vsum. apply sum_ext. intros. apply inner_comm. Qed.

(** Cauchy-Schwarz with weights: |sum c_j v_j|^2 <= (sum c_j) (sum c_j |v_j|^2). *)
Lemma cauchy : forall (X : Form) n (c : nat -> R) (v : nat -> X), (forall j, (j < n)%nat -> 0 <= c j) ->
  square (vsum n (fun j => scale (c j) (v j))) <= sum n c * sum n (fun j => c j * square (v j)).
Proof.
  intros X n c v sign. unfold square at 1. rewrite inner_vsum.
  apply Rmult_le_reg_l with 2; [lra |]. rewrite <- sum_scale.
  apply Rle_trans with
    (sum n (fun i => sum n (fun j => c i * (c j * square (v j))) + sum n (fun j => c j * (c i * square (v i))))).
  - apply sum_le. intros i inside_i. rewrite inner_scale, inner_vsum_right, <- !sum_scale, <- sum_plus.
    apply sum_le. intros j inside_j. rewrite inner_scale_right.
    pose proof (square_sub_nonneg X (v i) (v j)).
    assert (0 <= c i * c j) by (apply Rmult_le_pos; apply sign; assumption).
    replace (2 * (c i * (c j * inner (v i) (v j)))) with (c i * c j * (2 * inner (v i) (v j))) by ring.
    replace (c i * (c j * square (v j)) + c j * (c i * square (v i)))
      with (c i * c j * (square (v i) + square (v j))) by ring.
    apply Rmult_le_compat_l; assumption.
  - apply Req_le. rewrite sum_plus.
    rewrite (sum_ext n (fun i => sum n (fun j => c i * (c j * square (v j))))
      (fun i => sum n (fun j => c j * square (v j)) * c i)) by (intros; rewrite sum_scale; lra).
    rewrite (sum_ext n (fun i => sum n (fun j => c j * (c i * square (v i))))
      (fun i => sum n c * (c i * square (v i))))
      by (intros; rewrite (Rmult_comm (sum n c)), <- sum_scale; apply sum_ext; intros; ring).
    rewrite !sum_scale. lra.
Qed.

(** Vectors orthogonal to each other: Pythagoras. *)
Lemma pythagoras : forall (X : Form) n (c : nat -> R) (v : nat -> X),
  (forall i j, (i < n)%nat -> (j < n)%nat -> i <> j -> inner (v i) (v j) = 0) ->
  square (vsum n (fun j => scale (c j) (v j))) = sum n (fun j => c j * c j * square (v j)).
Proof.
  intros X n c v orthogonal. unfold square at 1. rewrite inner_vsum. apply sum_ext. intros i inside_i.
  rewrite inner_vsum_right.
  rewrite (sum_ext n _ (fun j => ind (j =? i)%nat * (c i * c j * inner (v i) (v j)))).
  - rewrite sum_pick by exact inside_i. reflexivity.
  - intros j inside_j. rewrite inner_scale, inner_scale_right. destruct (Nat.eqb_spec j i) as [same | other].
    + subst. simpl. lra.
    + rewrite (orthogonal i j); simpl; [lra | assumption | assumption | auto].
Qed.
