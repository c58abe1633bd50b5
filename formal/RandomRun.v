(** A run whose delays are random, what Theorem R assumes of it, and the run seen in expectation. *)

From Coq Require Import Reals Lra Lia Arith.
From Gradlag Require Import Sums Space Probability Objective Expectation Setting.
Open Scope R_scope.

(** As a run (Run.v), but step k applies the gradient of the point max(0, k - d_k), and the delay d_k depends on the
    outcome. The reads of the setting play no part. *)
Record RandomRun {N : Setting} := {
  space : Space;
  F : space -> R;
  grad : space -> space;
  gradient : is_gradient F grad;
  probability : Probability;
  x : nat -> nat -> space;
  e : nat -> nat -> space;
  d : nat -> nat -> nat;
  iteration : forall k w, (k < T)%nat ->
    x (S k) w = sub (x k w) (scale (eta k) (add (grad (x (k - d k w)%nat w)) (e k w)));
}.
Arguments RandomRun : clear implicits.

Section RandomRun.
Context {N : Setting} (run : RandomRun N).

Notation EE := (E (probability run)).

Definition mean_square (t : nat) : R := EE (fun w => square (grad run (x run t w))).

Definition smooth : Prop := lipschitz (grad run) L.
Definition bounded_below : Prop := forall y, EE (fun w => F run (x run 0 w)) - F run y <= Delta.
Definition bounded_variance : Prop := forall k, (k < T)%nat -> EE (fun w => square (e run k w)) <= sigma * sigma.

(** Whether two outcomes agree on x_0..x_k, e_0..e_{k-1} and the delays of the first n steps. *)
Definition agree (k n w w' : nat) : Prop :=
  (forall j, (j <= k)%nat -> x run j w = x run j w') /\ (forall j, (j < k)%nat -> e run j w = e run j w') /\
  (forall j, (j < n)%nat -> d run j w = d run j w').

(** E[e_k | x_0..x_k, e_0..e_{k-1}, d_0..d_k] = 0. *)
Definition unbiased : Prop := forall k (h : nat -> space run), (k < T)%nat ->
  (forall w w', agree k (S k) w w' -> h w = h w') -> EE (fun w => inner (e run k w) (h w)) = 0.

(** d_k is independent of x_0..x_k, e_0..e_{k-1}, d_0..d_{k-1}. *)
Definition drawn_afresh : Prop := forall k (phi : nat -> R) (h : nat -> R), (k < T)%nat ->
  (forall w w', agree k k w w' -> h w = h w') ->
  EE (fun w => phi (d run k w) * h w) = EE (fun w => phi (d run k w)) * EE h.

(** The delays of all steps have one law, of mean Ed and mean square Ed2. *)
Definition one_law (Ed Ed2 : R) : Prop :=
  (forall k (phi : nat -> R), (k < T)%nat -> EE (fun w => phi (d run k w)) = EE (fun w => phi (d run 0%nat w))) /\
  EE (fun w => INR (d run 0%nat w)) = Ed /\ EE (fun w => INR (d run 0%nat w) ^ 2) = Ed2.

End RandomRun.

(** The run in expectation. reading k r is the probability that step k reads x_r, `applied k` the gradient it applies. *)
Record Drawn {N : Setting} (Ed Ed2 : R) := {
  vectors : Form;
  points : nat -> vectors;
  gradients : nat -> vectors;
  applied : nat -> vectors;
  noises : nat -> vectors;
  heights : nat -> R;
  reading : nat -> nat -> R;
  smoothness_positive : 0 < L;
  moves : forall k v, (k < T)%nat ->
    inner (sub (points k) (points (S k))) v = eta k * (inner (applied k) v + inner (noises k) v);
  interpolates : forall a b,
    inner (add (gradients a) (gradients b)) (sub (points a) (points b)) / 2
    + (square (sub (gradients a) (gradients b)) - L * L * square (sub (points a) (points b))) / (4 * L)
    <= heights a - heights b;
  turns : forall a b, square (sub (gradients a) (gradients b)) <= L * L * square (sub (points a) (points b));
  falls_to_below : forall a, square (gradients a) / (2 * L) <= heights a - (heights 0 - Delta);
  fresh_for_gradients : forall k, (k < T)%nat -> inner (noises k) (gradients k) = 0;
  fresh_for_applied : forall k j, (k < T)%nat -> (j <= k)%nat -> inner (noises k) (applied j) = 0;
  fresh_for_noises : forall k j, (k < T)%nat -> (j < k)%nat -> inner (noises k) (noises j) = 0;
  variance : forall k, (k < T)%nat -> square (noises k) <= sigma * sigma;
  reading_nonneg : forall k r, (k < T)%nat -> 0 <= reading k r;
  reading_past : forall k r, (k < T)%nat -> (k < r)%nat -> reading k r = 0;
  certain : forall k, (k < T)%nat -> sum T (reading k) = 1;
  mixed : forall k, (k < T)%nat ->
    inner (gradients k) (applied k) = sum T (fun r => reading k r * inner (gradients k) (gradients r));
  mixed_square : forall k, (k < T)%nat -> square (applied k) = sum T (fun r => reading k r * square (gradients r));
  flying : forall j, sum T (fun k => sum T (fun r => reading k r * ind (between r k j))) <= Ed;
  flying_long : forall j, sum T (fun k => sum T (fun r => reading k r * (INR (k - r) * ind (between r k j)))) <= Ed2;
}.
Arguments Drawn : clear implicits.
Arguments vectors {N Ed Ed2}.
Arguments points {N Ed Ed2}.
Arguments gradients {N Ed Ed2}.
Arguments applied {N Ed Ed2}.
Arguments noises {N Ed Ed2}.
Arguments heights {N Ed Ed2}.
Arguments reading {N Ed Ed2}.

Section DrawnOfRun.
Context {N : Setting} (run : RandomRun N) (Ed Ed2 : R).
Hypothesis positive : 0 < L.
Hypothesis is_smooth : smooth run.
Hypothesis is_below : bounded_below run.
Hypothesis mean_zero : unbiased run.
Hypothesis bounded : bounded_variance run.
Hypothesis afresh : drawn_afresh run.
Hypothesis law : one_law run Ed Ed2.

Notation P := (probability run).
Notation X := (Expected P (space run)).

Let g (k : nat) : X := fun w => grad run (x run k w).
Let a (k : nat) : X := fun w => grad run (x run (k - d run k w)%nat w).
Let es (k : nat) : X := e run k.

(** The probability that step k reads x_r. *)
Definition reads (k r : nat) : R := E P (fun w => ind (r =? k - d run k w)%nat).

Lemma move : forall k (v : X), (k < T)%nat ->
  inner (sub (x run k : X) (x run (S k) : X)) v = eta k * (inner (a k) v + inner (es k) v).
Proof.
  intros k v inside. rewrite <- inner_add, <- inner_scale. apply E_ext. intros w _. cbn.
  rewrite (iteration run k w inside).
  change (add ?b (scale (-1) ?c)) with (sub b c). open_inner. cbn. open_inner. unfold a, es. ring.
Qed.

Lemma reads_nonneg : forall k r, (k < T)%nat -> 0 <= reads k r.
Proof. intros k r _. apply E_nonneg. intros. apply ind_nonneg. Qed.

Lemma reads_past : forall k r, (k < T)%nat -> (k < r)%nat -> reads k r = 0.
Proof.
  intros k r _ later. rewrite <- (E_const P 0). apply E_ext. intros w _.
  destruct (Nat.eqb_spec r (k - d run k w)); [lia | reflexivity].
Qed.

(** What depends on the read: for each r, the chance of r times what it is there. *)
Lemma by_chance : forall k (h : nat -> nat -> R), (k < T)%nat ->
  (forall r w w', (r <= k)%nat -> agree run k k w w' -> h r w = h r w') ->
  E P (fun w => h (k - d run k w)%nat w) = sum T (fun r => reads k r * E P (h r)).
Proof.
  intros k h inside known.
  transitivity (E P (fun w => sum T (fun r => ind (r =? k - d run k w)%nat * h r w))).
  - apply E_ext. intros w _. rewrite sum_pick by lia. reflexivity.
  - unfold E at 1. rewrite (sum_ext (outcomes P) _ (fun w => sum T (fun r => chance P w * (ind (r =? k - d run k w)%nat * h r w))))
      by (intros; rewrite sum_scale; reflexivity).
    rewrite sum_swap. apply sum_ext. intros r _. fold (E P (fun w => ind (r =? k - d run k w)%nat * h r w)).
    destruct (le_lt_dec r k) as [past | later].
    + apply (afresh k (fun n => ind (r =? k - n)%nat) (h r) inside). intros w w' same. apply known; assumption.
    + rewrite reads_past by assumption. rewrite Rmult_0_l, <- (E_const P 0). apply E_ext. intros w _.
      destruct (Nat.eqb_spec r (k - d run k w)); [lia | simpl; ring].
Qed.

Lemma reads_certain : forall k, (k < T)%nat -> sum T (reads k) = 1.
Proof.
  intros k inside. pose proof (by_chance k (fun _ _ => 1) inside (fun _ _ _ _ _ => eq_refl)) as whole.
  cbv beta in whole. rewrite E_const in whole. rewrite whole. apply sum_ext. intros. ring.
Qed.

(** In expectation over d_k, what step k does for a window that holds j. *)
Lemma flying_as : forall k j (phi : nat -> R), (k < T)%nat -> (forall n, 0 <= phi n) ->
  (forall n n', (n <= n')%nat -> phi n <= phi n') ->
  sum T (fun r => reads k r * (phi (k - r)%nat * ind (between r k j)))
  <= E P (fun w => phi (d run 0%nat w) * ind (between (j + 1) (j + 1 + d run 0%nat w) k)).
Proof.
  intros k j phi inside sign rising.
  rewrite <- (proj1 law k (fun n => phi n * ind (between (j + 1) (j + 1 + n) k)) inside).
  pose proof (by_chance k (fun r _ => phi (k - r)%nat * ind (between r k j)) inside (fun _ _ _ _ _ => eq_refl)) as whole.
  rewrite (sum_ext T (fun r => reads k r * E P (fun _ => phi (k - r)%nat * ind (between r k j)))
    (fun r => reads k r * (phi (k - r)%nat * ind (between r k j)))) in whole by (intros; rewrite E_const; reflexivity).
  rewrite <- whole. apply E_le. intros w _. set (n := d run k w).
  destruct (between (k - n) k j) eqn:member.
  - apply between_true in member. replace (between (j + 1) (j + 1 + n) k) with true by (symmetry; apply between_true; lia).
    simpl. rewrite !Rmult_1_r. apply rising. lia.
  - simpl. rewrite Rmult_0_r. apply Rmult_le_pos; [apply sign | apply ind_nonneg].
Qed.

Lemma flying_in_sum : forall j (phi : nat -> R), (forall n, 0 <= phi n) -> (forall n n', (n <= n')%nat -> phi n <= phi n') ->
  sum T (fun k => sum T (fun r => reads k r * (phi (k - r)%nat * ind (between r k j))))
  <= E P (fun w => phi (d run 0%nat w) * INR (d run 0%nat w)).
Proof.
  intros j phi sign rising.
  apply Rle_trans with (sum T (fun k => E P (fun w => phi (d run 0%nat w) * ind (between (j + 1) (j + 1 + d run 0%nat w) k)))).
  - apply sum_le. intros k inside. apply flying_as; assumption.
  - unfold E. rewrite sum_swap. apply sum_le. intros w inside.
    rewrite sum_scale, sum_scale. apply Rmult_le_compat_l; [apply chance_nonneg, inside |].
    apply Rmult_le_compat_l; [apply sign | apply count_steps].
Qed.

Lemma agree_points : forall k n w w' j, agree run k n w w' -> (j <= k)%nat -> x run j w = x run j w'.
Proof. intros k n w w' j [same _] before. apply same, before. Qed.

Definition seen : Drawn N Ed Ed2.
Proof.
  refine {|
    vectors := X; points := x run; gradients := g; applied := a; noises := es;
    heights := fun k => E P (fun w => F run (x run k w)); reading := reads; smoothness_positive := positive;
    moves := move;
    interpolates := expected_interpolation P (F run) (grad run) L (gradient run) is_smooth positive (x run);
    turns := expected_lipschitz P (grad run) L is_smooth (x run);
    falls_to_below := expected_fall P (F run) (grad run) L (gradient run) is_smooth positive (x run) Delta is_below;
    variance := bounded; reading_nonneg := reads_nonneg; reading_past := reads_past; certain := reads_certain;
  |}.
  - intros k inside. apply (mean_zero k (g k) inside). intros w w' same. unfold g.
    rewrite (agree_points k (S k) w w' k same (le_n k)). reflexivity.
  - intros k j inside before. apply (mean_zero k (a j) inside). intros w w' same. unfold a.
    destruct same as [points [noise delays]]. rewrite (delays j) by lia. rewrite points by lia. reflexivity.
  - intros k j inside before. apply (mean_zero k (es j) inside). intros w w' [_ [noise _]]. apply noise, before.
  - intros k inside.
    apply (by_chance k (fun r w => inner (g k w) (g r w)) inside). intros r w w' past same. unfold g.
    rewrite (agree_points k k w w' k same (le_n k)), (agree_points k k w w' r same past). reflexivity.
  - intros k inside. apply (by_chance k (fun r w => inner (g r w) (g r w)) inside). intros r w w' past same. unfold g.
    rewrite (agree_points k k w w' r same past). reflexivity.
  - intros j. rewrite <- (proj1 (proj2 law)).
    apply Rle_trans with (2 := Rle_trans _ _ _ (flying_in_sum j (fun _ => 1) ltac:(intros; lra) ltac:(intros; lra))
      (Req_le _ _ (E_ext P _ _ (fun w _ => Rmult_1_l _)))).
    apply Req_le, sum_ext. intros k _. apply sum_ext. intros r _. ring.
  - intros j. rewrite <- (proj2 (proj2 law)).
    apply Rle_trans with (1 := flying_in_sum j INR pos_INR (fun n n' less => le_INR n n' less)).
    apply Req_le, E_ext. intros w _. ring.
Defined.

End DrawnOfRun.

(** What a theorem about runs in expectation says about runs with random delays. *)
Lemma with_random_delays : forall (N : Setting) (run : RandomRun N) Ed Ed2 (claim : (nat -> R) -> Prop),
  0 < L -> smooth run -> bounded_below run -> unbiased run -> bounded_variance run -> drawn_afresh run ->
  one_law run Ed Ed2 -> (forall drawn : Drawn N Ed Ed2, claim (fun t => square (gradients drawn t))) ->
  claim (mean_square run).
Proof.
  intros N run Ed Ed2 claim positive is_smooth is_below mean_zero bounded afresh law of_drawn.
  exact (of_drawn (seen run Ed Ed2 positive is_smooth is_below mean_zero bounded afresh law)).
Qed.
