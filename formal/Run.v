(** A run of stale SGD on a finite probability space, what theorems assume of it, and the run seen in expectation. *)

From Coq Require Import Reals Lra Lia Arith.
From Gradlag Require Import Sums Space Probability Objective Expectation Setting.
Open Scope R_scope.

(** x_{k+1} = x_k - eta_k (grad F(x_{tau_k}) + e_k) in every outcome w. Steps and reads are the same in all outcomes:
    they are fixed before the run. The start x_0 may be random. *)
Record Run {N : Setting} := {
  space : Space;
  F : space -> R;
  grad : space -> space;
  gradient : is_gradient F grad;
  probability : Probability;
  x : nat -> nat -> space;
  e : nat -> nat -> space;
  iteration : forall k w, (k < T)%nat ->
    x (S k) w = sub (x k w) (scale (eta k) (add (grad (x (tau k) w)) (e k w)));
}.
Arguments Run : clear implicits.

Section Run.
Context {N : Setting} (run : Run N).

Notation EE := (E (probability run)).
Notation X := (Expected (probability run) (space run)).

(** E <grad F(x_i), grad F(x_j)>, and E |grad F(x_t)|^2, of which the theorems speak. *)
Definition mean_inner (i j : nat) : R := EE (fun w => inner (grad run (x run i w)) (grad run (x run j w))).
Definition mean_square (t : nat) : R := mean_inner t t.

(** The assumptions. *)

Definition smooth : Prop := lipschitz (grad run) L.

(** F(x_0) - inf F <= Delta, in expectation where x_0 is random. *)
Definition bounded_below : Prop := forall y, EE (fun w => F run (x run 0 w)) - F run y <= Delta.

(** A random vector is known before step k if it is a function of x_0..x_k and e_0..e_{k-1}. *)
Definition known (k : nat) (h : nat -> space run) : Prop := forall w w',
  (forall j, (j <= k)%nat -> x run j w = x run j w') -> (forall j, (j < k)%nat -> e run j w = e run j w') -> h w = h w'.

(** E[e_k | x_0..x_k, e_0..e_{k-1}] = 0: the noise is orthogonal to every function of the past. *)
Definition unbiased : Prop := forall k h, (k < T)%nat -> known k h -> EE (fun w => inner (e run k w) (h w)) = 0.

Definition bounded_variance : Prop := forall k, (k < T)%nat -> EE (fun w => square (e run k w)) <= sigma * sigma.

Definition no_noise : Prop := forall k w, (k < T)%nat -> e run k w = zero.

(** Gradient coherence, only in expectation and only at the point that is read. *)
Definition coherent : Prop := forall k, (k < T)%nat -> mu * mean_square k <= mean_inner k (tau k).

End Run.

(** A run in expectation: random vectors as vectors, and what the theorems use of them. *)
Record Trace {N : Setting} := {
  vectors : Form;
  points : nat -> vectors;
  gradients : nat -> vectors;
  noises : nat -> vectors;
  heights : nat -> R;
  smoothness_positive : 0 < L;
  moves : forall k v, (k < T)%nat ->
    inner (sub (points k) (points (S k))) v = eta k * (inner (gradients (tau k)) v + inner (noises k) v);
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
Arguments Trace : clear implicits.

Section TraceOfRun.
Context {N : Setting} (run : Run N) (positive : 0 < L) (is_smooth : smooth run) (is_below : bounded_below run).

Notation P := (probability run).
Notation X := (Expected P (space run)).

Let g (k : nat) : X := fun w => grad run (x run k w).
Let xs (k : nat) : X := x run k.
Let es (k : nat) : X := e run k.
Let f (k : nat) : R := E P (fun w => F run (x run k w)).

(** The facts about noise that are left to show. *)
Definition fresh : Prop :=
  (forall k j, (k < T)%nat -> (j <= k)%nat -> inner (es k) (g j) = 0) /\
  (forall k j, (k < T)%nat -> (j < k)%nat -> inner (es k) (es j) = 0) /\
  (forall k, (k < T)%nat -> square (es k) <= sigma * sigma).

Lemma move : forall k (v : X), (k < T)%nat -> inner (sub (xs k) (xs (S k))) v = eta k * (inner (g (tau k)) v + inner (es k) v).
Proof.
  intros k v inside. rewrite <- inner_add, <- inner_scale. apply E_ext. intros w _. cbn.
  unfold xs. rewrite (iteration run k w inside).
  change (add ?a (scale (-1) ?b)) with (sub a b). open_inner. cbn. open_inner. unfold g, es. ring.
Qed.

Lemma noisy_is_fresh : unbiased run -> bounded_variance run -> fresh.
Proof.
  intros mean_zero bounded. split; [| split].
  - intros k j inside before. apply (mean_zero k (g j) inside).
    intros w w' points _. unfold g. rewrite (points j before). reflexivity.
  - intros k j inside before. apply (mean_zero k (es j) inside). intros w w' _ noise. apply (noise j before).
  - exact bounded.
Qed.

Lemma quiet_is_fresh : no_noise run -> fresh.
Proof.
  intros quiet.
  assert (forall k (v : X), (k < T)%nat -> inner (es k) v = 0) as none.
  { intros k v inside. rewrite <- (E_const P 0). apply E_ext. intros w _.
    unfold es. rewrite (quiet k w inside). apply inner_zero. }
  split; [| split]; intros; [apply none; assumption | apply none; assumption |].
  unfold square. rewrite none by assumption. apply Rle_0_sqr.
Qed.

Definition seen (H : fresh) : Trace N := {|
  vectors := X; points := xs; gradients := g; noises := es; heights := f; smoothness_positive := positive;
  moves := move; interpolates := expected_interpolation P (F run) (grad run) L (gradient run) is_smooth positive (x run);
  turns := expected_lipschitz P (grad run) L is_smooth (x run);
  falls_to_below := expected_fall P (F run) (grad run) L (gradient run) is_smooth positive (x run) Delta is_below;
  fresh_for_gradients := proj1 H; fresh_for_noises := proj1 (proj2 H);
  variance := proj2 (proj2 H);
|}.

End TraceOfRun.

(** What a theorem about traces says about runs with noise. The claim is about the numbers E<g_i, g_j>. *)
Lemma with_noise : forall (N : Setting) (run : Run N) (claim : (nat -> nat -> R) -> Prop),
  0 < L -> smooth run -> bounded_below run -> unbiased run -> bounded_variance run ->
  (forall trace : Trace N, claim (fun i j => inner (gradients trace i) (gradients trace j))) -> claim (mean_inner run).
Proof.
  intros N run claim positive is_smooth is_below mean_zero bounded of_traces.
  exact (of_traces (seen run positive is_smooth is_below (noisy_is_fresh run mean_zero bounded))).
Qed.

(** The same without noise. *)
Lemma without_noise : forall (N : Setting) (run : Run N) (claim : (nat -> nat -> R) -> Prop),
  0 < L -> smooth run -> bounded_below run -> no_noise run ->
  (forall trace : Trace N, claim (fun i j => inner (gradients trace i) (gradients trace j))) -> claim (mean_inner run).
Proof.
  intros N run claim positive is_smooth is_below quiet of_traces.
  exact (of_traces (seen run positive is_smooth is_below (quiet_is_fresh run quiet))).
Qed.
