(** A run of a method that takes back part of the moves before, what theorems assume of it, and the run seen in
    expectation. *)

From Coq Require Import Reals Lra Lia.
From Gradlag Require Import Sums Space Probability Objective Expectation Setting.
Open Scope R_scope.

(** x_{k+1} = x_k - eta_k (grad F(x_{tau_k}) + e_k) - sum_{j<k} m_j (x_{k-j} - x_{k-j-1}) in every outcome w: m_j is what
    a step takes back of the move j + 1 steps before it. *)
Record Moving {N : Setting} := {
  space : Space;
  F : space -> R;
  grad : space -> space;
  gradient : is_gradient F grad;
  probability : Probability;
  moves : nat -> R;
  x : nat -> nat -> space;
  e : nat -> nat -> space;
  iteration : forall k w, (k < T)%nat ->
    x (S k) w = sub (sub (x k w) (scale (eta k) (add (grad (x (tau k) w)) (e k w))))
      (vsum k (fun j => scale (moves j) (sub (x (k - j) w) (x (k - j - 1) w))));
}.
Arguments Moving : clear implicits.

Section Moving.
Context {N : Setting} (run : Moving N).

Notation EE := (E (probability run)).

(** E |grad F(x_t)|^2, of which the theorems speak. *)
Definition mean_square (t : nat) : R := EE (fun w => square (grad run (x run t w))).

Definition smooth : Prop := lipschitz (grad run) L.

(** F(x_0) - inf F <= Delta, in expectation where x_0 is random. *)
Definition bounded_below : Prop := forall y, EE (fun w => F run (x run 0 w)) - F run y <= Delta.

(** E[e_k | x_0..x_k, e_0..e_{k-1}] = 0: the noise is orthogonal to every function of the past. *)
Definition known (k : nat) (h : nat -> space run) : Prop := forall w w',
  (forall j, (j <= k)%nat -> x run j w = x run j w') -> (forall j, (j < k)%nat -> e run j w = e run j w') -> h w = h w'.
Definition unbiased : Prop := forall k h, (k < T)%nat -> known k h -> EE (fun w => inner (e run k w) (h w)) = 0.

Definition bounded_variance : Prop := forall k, (k < T)%nat -> EE (fun w => square (e run k w)) <= sigma * sigma.

End Moving.

(** A run in expectation: random vectors as vectors, and what the theorems use of them. *)
Record Moved {N : Setting} := {
  vectors : Form;
  points : nat -> vectors;
  gradients : nat -> vectors;
  noises : nat -> vectors;
  heights : nat -> R;
  back : nat -> R;
  smoothness_positive : 0 < L;
  travels : forall k v, (k < T)%nat -> inner (sub (points k) (points (S k))) v
    = eta k * (inner (gradients (tau k)) v + inner (noises k) v)
      + sum k (fun j => back j * inner (sub (points (k - j)) (points (k - j - 1))) v);
  interpolates : forall a b,
    inner (add (gradients a) (gradients b)) (sub (points a) (points b)) / 2
    + (square (sub (gradients a) (gradients b)) - L * L * square (sub (points a) (points b))) / (4 * L)
    <= heights a - heights b;
  turns : forall a b, square (sub (gradients a) (gradients b)) <= L * L * square (sub (points a) (points b));
  falls_to_below : forall a, square (gradients a) / (2 * L) <= heights a - (heights 0 - Delta);
  fresh_for_gradients : forall k j, (k < T)%nat -> (j <= k)%nat -> inner (noises k) (gradients j) = 0;
  fresh_for_noises : forall k j, (k < T)%nat -> (j < k)%nat -> inner (noises k) (noises j) = 0;
  variance : forall k, (k < T)%nat -> square (noises k) <= sigma * sigma;
}.
Arguments Moved : clear implicits.

(** What a theorem about runs in expectation says about runs. *)
Section MovedOfRun.
Context {N : Setting} (run : Moving N).
Hypothesis positive : 0 < L.
Hypothesis is_smooth : smooth run.
Hypothesis is_below : bounded_below run.
Hypothesis mean_zero : unbiased run.
Hypothesis bounded : bounded_variance run.

Notation P := (probability run).
Notation X := (Expected P (space run)).

Let g (k : nat) : X := fun w => grad run (x run k w).
Let es (k : nat) : X := e run k.

Lemma E_of_sum : forall n (c : nat -> R) (a : nat -> nat -> R),
  E P (fun w => sum n (fun j => c j * a j w)) = sum n (fun j => c j * E P (a j)).
Proof.
  intros n c a. induction n as [| n IH]; simpl; [apply E_const |]. rewrite E_plus, E_scale, IH. reflexivity.
Qed.

Lemma travel : forall k (v : X), (k < T)%nat -> inner (sub (x run k : X) (x run (S k) : X)) v
  = eta k * (inner (g (tau k)) v + inner (es k) v)
    + sum k (fun j => moves run j * inner (sub (x run (k - j)%nat : X) (x run (k - j - 1)%nat : X)) v).
Proof.
  intros k v inside.
  transitivity (E P (fun w => eta k * (inner (g (tau k) w) (v w) + inner (es k w) (v w))
    + sum k (fun j => moves run j * inner (sub (x run (k - j)%nat w) (x run (k - j - 1)%nat w)) (v w)))).
  - apply E_ext. intros w _. cbn. change (add ?a (scale (-1) ?b)) with (sub a b).
    rewrite (iteration run k w inside), !inner_sub, inner_scale, inner_add, inner_vsum.
    rewrite (sum_ext k _ (fun j => moves run j * inner (sub (x run (k - j)%nat w) (x run (k - j - 1)%nat w)) (v w)))
      by (intros; apply inner_scale).
    unfold g, es. ring.
  - rewrite E_plus, E_scale, E_plus, E_of_sum. reflexivity.
Qed.

Definition seen : Moved N.
Proof.
  refine {|
    vectors := X; points := x run; gradients := g; noises := es; back := moves run;
    heights := fun k => E P (fun w => F run (x run k w)); smoothness_positive := positive; travels := travel;
    interpolates := expected_interpolation P (F run) (grad run) L (gradient run) is_smooth positive (x run);
    turns := expected_lipschitz P (grad run) L is_smooth (x run);
    falls_to_below := expected_fall P (F run) (grad run) L (gradient run) is_smooth positive (x run) Delta is_below;
    variance := bounded;
  |}.
  - intros k j inside before. apply (mean_zero k (g j) inside).
    intros w w' points _. unfold g. rewrite (points j before). reflexivity.
  - intros k j inside before. apply (mean_zero k (es j) inside). intros w w' _ noise. apply (noise j before).
Defined.

End MovedOfRun.

Lemma with_moves : forall (N : Setting) (run : Moving N) (claim : (nat -> R) -> (nat -> R) -> Prop),
  0 < L -> smooth run -> bounded_below run -> unbiased run -> bounded_variance run ->
  (forall trace : Moved N, claim (back trace) (fun t => square (gradients trace t))) -> claim (moves run) (mean_square run).
Proof.
  intros N run claim positive is_smooth is_below mean_zero bounded of_moved.
  exact (of_moved (seen run positive is_smooth is_below mean_zero bounded)).
Qed.
