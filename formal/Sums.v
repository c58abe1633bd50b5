(** Finite sums of reals, sums over part of the steps by indicators, and the least of finitely many numbers. *)

From Coq Require Import Reals Lra Lia Arith Bool.
Open Scope R_scope.

(** f 0 + ... + f (n - 1). *)
Fixpoint sum (n : nat) (f : nat -> R) : R :=
  match n with O => 0 | S m => sum m f + f m end.

(** 1 where the statement holds, else 0. *)
Definition ind (b : bool) : R := if b then 1 else 0.

(** Whether one of the numbers below n passes the test. *)
Fixpoint some (n : nat) (test : nat -> bool) : bool :=
  match n with O => false | S m => some m test || test m end.

Lemma some_false : forall n test, some n test = false -> forall j, (j < n)%nat -> test j = false.
Proof.
  induction n as [| n IH]; intros test none j below; [lia |]. simpl in none. apply orb_false_iff in none.
  destruct none as [before here]. destruct (Nat.eq_dec j n); [subst; exact here | apply (IH test before); lia].
Qed.

Lemma some_none : forall n test, (forall j, (j < n)%nat -> test j = false) -> some n test = false.
Proof.
  induction n as [| n IH]; intros test none; [reflexivity |]. simpl. rewrite (none n) by lia.
  rewrite IH; [reflexivity | intros; apply none; lia].
Qed.

Lemma ind_nonneg : forall b, 0 <= ind b.
Proof. intros []; simpl; lra. Qed.

Lemma ind_at_most_one : forall b, ind b <= 1.
Proof. intros []; simpl; lra. Qed.

Lemma ind_squared : forall b, ind b * ind b = ind b.
Proof. intros []; simpl; lra. Qed.

Lemma sum_ext : forall n f g, (forall k, (k < n)%nat -> f k = g k) -> sum n f = sum n g.
Proof.
  induction n as [| n IH]; intros f g same; simpl; [reflexivity |].
  rewrite (IH f g), (same n); [reflexivity | lia | intros; apply same; lia].
Qed.

Lemma sum_le : forall n f g, (forall k, (k < n)%nat -> f k <= g k) -> sum n f <= sum n g.
Proof.
  induction n as [| n IH]; intros f g below; simpl; [lra |].
  apply Rplus_le_compat; [apply IH; intros; apply below; lia | apply below; lia].
Qed.

Lemma sum_of_zeros : forall n, sum n (fun _ => 0) = 0.
Proof. induction n as [| n IH]; simpl; [| rewrite IH]; lra. Qed.

Lemma sum_zero : forall n f, (forall k, (k < n)%nat -> f k = 0) -> sum n f = 0.
Proof. intros n f zero. rewrite <- (sum_of_zeros n). apply sum_ext, zero. Qed.

Lemma sum_nonneg : forall n f, (forall k, (k < n)%nat -> 0 <= f k) -> 0 <= sum n f.
Proof. intros n f sign. rewrite <- (sum_of_zeros n). apply sum_le, sign. Qed.

Lemma sum_plus : forall n f g, sum n (fun k => f k + g k) = sum n f + sum n g.
Proof. induction n as [| n IH]; intros; simpl; [| rewrite IH]; lra. Qed.

Lemma sum_minus : forall n f g, sum n (fun k => f k - g k) = sum n f - sum n g.
Proof. induction n as [| n IH]; intros; simpl; [| rewrite IH]; lra. Qed.

Lemma sum_scale : forall n c f, sum n (fun k => c * f k) = c * sum n f.
Proof. induction n as [| n IH]; intros; simpl; [| rewrite IH]; lra. Qed.

Lemma sum_const : forall n c, sum n (fun _ => c) = INR n * c.
Proof. induction n as [| n IH]; intros c; [simpl; lra |]. rewrite S_INR. simpl. rewrite IH. lra. Qed.

Lemma sum_swap : forall n m f, sum n (fun i => sum m (fun j => f i j)) = sum m (fun j => sum n (fun i => f i j)).
Proof.
  induction n as [| n IH]; intros m f; simpl.
  - symmetry. apply sum_zero. reflexivity.
  - rewrite IH, sum_plus. reflexivity.
Qed.

Lemma sum_telescopes : forall n f, sum n (fun k => f k - f (S k)) = f 0%nat - f n.
Proof. induction n as [| n IH]; intros f; simpl; [| rewrite IH]; lra. Qed.

(** The sum over the steps k = a is the term at a. *)
Lemma sum_pick : forall n a f, (a < n)%nat -> sum n (fun k => ind (k =? a)%nat * f k) = f a.
Proof.
  induction n as [| n IH]; intros a f inside; [lia |]. simpl.
  destruct (Nat.eq_dec n a) as [same | other].
  - subst a. rewrite Nat.eqb_refl, sum_zero; [simpl; lra |].
    intros k before. destruct (Nat.eqb_spec k n); [lia | simpl; lra].
  - rewrite IH by lia. destruct (Nat.eqb_spec n a); [lia | simpl; lra].
Qed.

(** The same terms, counted from 1: f 0 + sum of the others. *)
Lemma sum_shift : forall n f, sum (S n) f = f 0%nat + sum n (fun k => f (S k)).
Proof. induction n as [| n IH]; intros f; [simpl; lra |]. change (sum (S (S n)) f) with (sum (S n) f + f (S n)).
  rewrite IH. simpl. lra. Qed.

(** How many of n whole numbers lie in a range. *)
Definition between (a b j : nat) : bool := (a <=? j)%nat && (j <? b)%nat.

Lemma between_true : forall a b j, between a b j = true <-> (a <= j < b)%nat.
Proof. intros. unfold between. rewrite andb_true_iff, Nat.leb_le, Nat.ltb_lt. reflexivity. Qed.

Lemma between_next : forall a b j, (a <= b)%nat -> ind (between a (S b) j) = ind (between a b j) + ind (j =? b)%nat.
Proof.
  intros a b j order. unfold between.
  destruct (Nat.leb_spec a j), (Nat.ltb_spec j (S b)), (Nat.ltb_spec j b), (Nat.eqb_spec j b); simpl; (lra || lia).
Qed.

Lemma between_none : forall a j, between a a j = false.
Proof. intros. unfold between. destruct (Nat.leb_spec a j), (Nat.ltb_spec j a); simpl; (reflexivity || lia). Qed.

Lemma count_steps : forall n a d, sum n (fun j => ind (between a (a + d) j)) <= INR d.
Proof.
  intros n a. induction d as [| d IH].
  - rewrite Nat.add_0_r, sum_zero; [simpl; lra |]. intros. rewrite between_none. reflexivity.
  - rewrite Nat.add_succ_r, S_INR.
    rewrite (sum_ext _ _ (fun j => ind (between a (a + d) j) + ind (j =? (a + d))%nat))
      by (intros; apply between_next; lia).
    rewrite sum_plus. apply Rplus_le_compat; [exact IH |].
    destruct (le_lt_dec n (a + d)) as [out | inside].
    + rewrite sum_zero; [lra |]. intros k before. destruct (Nat.eqb_spec k (a + d)); [lia | reflexivity].
    + rewrite (sum_ext _ _ (fun j => ind (j =? (a + d))%nat * 1)) by (intros; lra).
      rewrite sum_pick by exact inside. lra.
Qed.

Lemma count_inside : forall n a d, (a + d <= n)%nat -> sum n (fun j => ind (between a (a + d) j)) = INR d.
Proof.
  intros n a. induction d as [| d IH]; intros inside.
  - rewrite Nat.add_0_r, sum_zero; [reflexivity |]. intros. rewrite between_none. reflexivity.
  - rewrite Nat.add_succ_r, S_INR.
    rewrite (sum_ext _ _ (fun j => ind (between a (a + d) j) + ind (j =? (a + d))%nat * 1))
      by (intros; rewrite between_next by lia; ring).
    rewrite sum_plus, IH by lia. rewrite sum_pick by lia. reflexivity.
Qed.

Lemma count_between : forall n a b, sum n (fun j => ind (between a b j)) <= INR (b - a).
Proof.
  intros n a b. destruct (le_lt_dec a b) as [order | empty].
  - pose proof (count_steps n a (b - a)) as count. replace (a + (b - a))%nat with b in count by lia. exact count.
  - rewrite sum_zero; [apply pos_INR |]. intros j _.
    destruct (between a b j) eqn:inside; [| reflexivity]. apply between_true in inside. lia.
Qed.

(** The largest of a 0, ..., a (n - 1), for n >= 1. *)
Fixpoint largest (n : nat) (a : nat -> R) : R :=
  match n with O => a 0%nat | S m => Rmax (largest m a) (a m) end.

Lemma largest_above : forall n a k, (k < n)%nat -> a k <= largest n a.
Proof.
  induction n as [| n IH]; intros a k inside; [lia |]. simpl. destruct (Nat.eq_dec k n) as [here | before].
  - subst k. apply Rmax_r.
  - apply Rle_trans with (largest n a); [apply IH; lia | apply Rmax_l].
Qed.

(** Of n + 1 numbers one is the least. *)
Lemma least : forall n m, exists t, (t <= n)%nat /\ forall k, (k <= n)%nat -> m t <= m k.
Proof.
  induction n as [| n IH]; intros m.
  - exists 0%nat. split; [lia |]. intros k before. replace k with 0%nat by lia. lra.
  - destruct (IH m) as [t [before low]]. destruct (Rle_lt_dec (m t) (m (S n))).
    + exists t. split; [lia |]. intros k inside. destruct (Nat.eq_dec k (S n)); [subst; assumption | apply low; lia].
    + exists (S n). split; [lia |]. intros k inside. destruct (Nat.eq_dec k (S n)); [subst; lra |].
      apply Rle_trans with (m t); [lra | apply low; lia].
Qed.

(** Weights that are not negative: the least number is at most the mean. *)
Lemma best_point : forall n (v m : nat -> R) last above whole,
  (forall t, (t < n)%nat -> 0 <= v t) -> 0 <= last -> sum n v + last = whole -> 0 < whole ->
  sum n (fun t => v t * m t) + last * m n <= above -> exists t, (t <= n)%nat /\ m t <= above / whole.
Proof.
  intros n v m last above whole sign sign_last total positive bound.
  destruct (least n m) as [t [before low]]. exists t. split; [exact before |].
  apply Rmult_le_reg_r with whole; [exact positive |].
  replace (above / whole * whole) with above by (field; lra).
  apply Rle_trans with (sum n (fun k => v k * m k) + last * m n); [| exact bound].
  rewrite <- total, Rmult_plus_distr_l, <- sum_scale. apply Rplus_le_compat.
  - apply sum_le. intros k inside. rewrite Rmult_comm. apply Rmult_le_compat_l; [apply sign | apply low]; lia.
  - rewrite Rmult_comm. apply Rmult_le_compat_l; [exact sign_last | apply low; lia].
Qed.

(** The same without a last point. *)
Lemma best_point_before : forall n (v m : nat -> R) above whole,
  (0 < n)%nat -> (forall t, (t < n)%nat -> 0 <= v t) -> sum n v = whole -> 0 < whole ->
  sum n (fun t => v t * m t) <= above -> exists t, (t < n)%nat /\ m t <= above / whole.
Proof.
  intros [| n] v m above whole some sign total positive bound; [lia |].
  destruct (best_point n v m (v n) above whole) as [t [before low]]; try assumption.
  - intros; apply sign; lia.
  - apply sign; lia.
  - exists t. split; [lia | exact low].
Qed.
