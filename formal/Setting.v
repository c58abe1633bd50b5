(** The numbers of a run (constants, steps, reads) and sums over windows, readers and served points. *)

From Coq Require Import Reals Lra Lia Arith Bool.
From Gradlag Require Import Sums.
Open Scope R_scope.

(** Steps are numbered from 0: step k < T applies the gradient of the point tau k <= k with the step size eta k. *)
Class Setting := {
  L : R;
  Delta : R;
  sigma : R;
  mu : R;
  s : nat;
  T : nat;
  eta : nat -> R;
  tau : nat -> nat;
  some_step : (1 <= T)%nat;
  some_staleness : (1 <= s)%nat;
  steps_nonneg : forall k, (k < T)%nat -> 0 <= eta k;
  reads_past : forall k, (k < T)%nat -> (tau k <= k)%nat;
}.

Section Setting.
Context {N : Setting}.

(** The delay of step k, d_k = k - tau_k. *)
Definition delay (k : nat) : R := INR (k - tau k).

(** Whether step j is applied between the read and the application of step k: j in W_k = {tau_k, ..., k - 1}. *)
Definition in_window (k j : nat) : bool := between (tau k) k j.

Definition total (a : nat -> R) : R := sum T a.
Definition window (a : nat -> R) (k : nat) : R := sum T (fun j => ind (in_window k j) * a j).
Definition readers (a : nat -> R) (k : nat) : R := sum T (fun i => ind (in_window i k) * a i).
Definition served (a : nat -> R) (t : nat) : R := sum T (fun k => ind (tau k =? t)%nat * a k).
Definition previous (a : nat -> R) (k : nat) : R := match k with O => 0 | S j => a j end.

(** The largest entry of all steps. *)
Definition peak (a : nat -> R) : R := largest T a.

(** Whether the window of step k holds a gradient that was read after its own. *)
Definition overtaken (k : nat) : bool := some T (fun j => in_window k j && (tau k <? tau j)%nat).

Definition where_overtaken (late ordered : R) (k : nat) : R :=
  if Rlt_dec 0 sigma then (if overtaken k then late else ordered) else ordered.

Definition where_noisy (noisy quiet : R) : R := if Rlt_dec 0 sigma then noisy else quiet.

(** Weights w_t >= 0 of x_0..x_{T-1}, and what is left of their whole for x_T: the mean of m is at most the value. *)
Definition weighed_to_last (w : nat -> R) (whole value : R) (m : nat -> R) : Prop :=
  (forall t, (t < T)%nat -> 0 <= w t) /\ total w <= whole /\
  total (fun t => w t * m t) + (whole - total w) * m T <= whole * value.

(** The same without x_T. *)
Definition weighed_before_last (w : nat -> R) (whole value : R) (m : nat -> R) : Prop :=
  (forall t, (t < T)%nat -> 0 <= w t) /\ total w = whole /\ total (fun t => w t * m t) <= whole * value.

(** sum_k a_k sum_{j in W_k} b_j = sum_j b_j sum_{k: j in W_k} a_k. *)
Lemma exchange : forall a b, total (fun k => a k * window b k) = total (fun j => b j * readers a j).
Proof.
  intros a b. unfold total, window, readers.
  rewrite (sum_ext T _ (fun k => sum T (fun j => a k * (ind (in_window k j) * b j))))
    by (intros; rewrite sum_scale; reflexivity).
  rewrite sum_swap. apply sum_ext. intros j _. rewrite <- sum_scale. apply sum_ext. intros. ring.
Qed.

(** sum_k a_k m(tau_k) = sum_t m_t sum_{k: tau_k = t} a_k. *)
Lemma by_readers : forall a m, total (fun k => a k * m (tau k)) = total (fun t => m t * served a t).
Proof.
  intros a m. unfold total, served.
  rewrite (sum_ext T (fun k => a k * m (tau k)) (fun k => sum T (fun t => ind (t =? tau k)%nat * (a k * m t)))).
  - rewrite sum_swap. apply sum_ext. intros t _. rewrite <- sum_scale. apply sum_ext. intros k _.
    rewrite (Nat.eqb_sym t). ring.
  - intros k inside. rewrite sum_pick; [reflexivity |]. pose proof (reads_past k inside). lia.
Qed.

Lemma total_served : forall a, total (served a) = total a.
Proof.
  intros a. transitivity (total (fun t => 1 * served a t)).
  - apply sum_ext. intros. ring.
  - rewrite <- by_readers. apply sum_ext. intros. ring.
Qed.

Lemma readers_ext : forall a b k, (forall j, (j < T)%nat -> a j = b j) -> readers a k = readers b k.
Proof. intros a b k same. apply sum_ext. intros j inside. rewrite same by exact inside. reflexivity. Qed.

Lemma served_ext : forall a b t, (forall j, (j < T)%nat -> a j = b j) -> served a t = served b t.
Proof. intros a b t same. apply sum_ext. intros j inside. rewrite same by exact inside. reflexivity. Qed.

Lemma window_scale : forall c a k, window (fun j => c * a j) k = c * window a k.
Proof. intros. unfold window. rewrite <- sum_scale. apply sum_ext. intros. ring. Qed.

Lemma readers_scale : forall c a k, readers (fun j => c * a j) k = c * readers a k.
Proof. intros. unfold readers. rewrite <- sum_scale. apply sum_ext. intros. ring. Qed.

Lemma served_scale : forall c a t, served (fun j => c * a j) t = c * served a t.
Proof. intros. unfold served. rewrite <- sum_scale. apply sum_ext. intros. ring. Qed.

(** A weighed mean below a value has a point below it. *)
Lemma by_weights_to_last : forall w m last whole above value, (forall t, (t < T)%nat -> 0 <= w t) -> 0 <= last ->
  total w + last = whole -> 0 < whole -> total (fun t => w t * m t) + last * m T <= above -> above <= whole * value ->
  (exists t, (t <= T)%nat /\ m t <= value) /\ weighed_to_last w whole value m.
Proof.
  intros w m last whole above value sign last_sign parts positive bound below. split.
  - destruct (best_point T w m last above whole) as [t [inside low]]; try assumption.
    exists t. split; [exact inside |]. apply Rle_trans with (1 := low).
    apply Rmult_le_reg_r with whole; [exact positive |]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra.
  - split; [exact sign |]. split; [lra |]. replace (whole - total w) with last by lra. lra.
Qed.

Lemma by_weights_before_last : forall w m whole above value, (forall t, (t < T)%nat -> 0 <= w t) ->
  total w = whole -> 0 < whole -> total (fun t => w t * m t) <= above -> above <= whole * value ->
  (exists t, (t < T)%nat /\ m t <= value) /\ weighed_before_last w whole value m.
Proof.
  intros w m whole above value sign parts positive bound below. split.
  - destruct (best_point_before T w m above whole some_step) as [t [inside low]]; try assumption.
    exists t. split; [exact inside |]. apply Rle_trans with (1 := low).
    apply Rmult_le_reg_r with whole; [exact positive |]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra.
  - split; [exact sign |]. split; [exact parts | lra].
Qed.

Lemma window_nonneg : forall a k, (forall j, (j < T)%nat -> 0 <= a j) -> 0 <= window a k.
Proof. intros a k sign. apply sum_nonneg. intros j inside. apply Rmult_le_pos; [apply ind_nonneg | auto]. Qed.

Lemma readers_nonneg : forall a k, (forall j, (j < T)%nat -> 0 <= a j) -> 0 <= readers a k.
Proof. intros a k sign. apply sum_nonneg. intros j inside. apply Rmult_le_pos; [apply ind_nonneg | auto]. Qed.

Lemma served_nonneg : forall a t, (forall j, (j < T)%nat -> 0 <= a j) -> 0 <= served a t.
Proof. intros a t sign. apply sum_nonneg. intros j inside. apply Rmult_le_pos; [apply ind_nonneg | auto]. Qed.

Lemma window_le : forall a b k, (forall j, (j < T)%nat -> a j <= b j) -> window a k <= window b k.
Proof. intros a b k below. apply sum_le. intros. apply Rmult_le_compat_l; [apply ind_nonneg | auto]. Qed.

Lemma readers_le : forall a b k, (forall j, (j < T)%nat -> a j <= b j) -> readers a k <= readers b k.
Proof. intros a b k below. apply sum_le. intros. apply Rmult_le_compat_l; [apply ind_nonneg | auto]. Qed.

Lemma served_le : forall a b t, (forall j, (j < T)%nat -> a j <= b j) -> served a t <= served b t.
Proof. intros a b t below. apply sum_le. intros. apply Rmult_le_compat_l; [apply ind_nonneg | auto]. Qed.

Lemma overtaken_false : forall k, overtaken k = false ->
  forall j, (j < T)%nat -> in_window k j = true -> (tau j <= tau k)%nat.
Proof.
  intros k ordered j inside member. destruct (le_lt_dec (tau j) (tau k)) as [| later]; [assumption | exfalso].
  apply some_false with (j := j) in ordered; [| exact inside].
  rewrite member in ordered. apply Nat.ltb_ge in ordered. lia.
Qed.

(** Delays within the staleness: a window holds at most s - 1 steps, s - 1 windows at most hold a step, and s steps at
    most read a point. *)
Definition delays_within : Prop := forall k, (k < T)%nat -> delay k <= INR s - 1.

Lemma staleness_less_one : INR (s - 1) = INR s - 1.
Proof. rewrite minus_INR; [reflexivity | exact some_staleness]. Qed.

Lemma delay_below : delays_within -> forall k, (k < T)%nat -> (k - tau k <= s - 1)%nat.
Proof.
  intros within k inside. apply INR_le. rewrite staleness_less_one. apply (within k inside).
Qed.

Lemma window_count : delays_within -> forall k, (k < T)%nat -> window (fun _ => 1) k <= INR s - 1.
Proof.
  intros within k inside. apply Rle_trans with (INR (k - tau k)); [| exact (within k inside)].
  apply Rle_trans with (sum T (fun j => ind (between (tau k) k j))); [| apply count_between].
  apply Req_le, sum_ext. intros. unfold in_window. ring.
Qed.

Lemma readers_count : delays_within -> forall k, readers (fun _ => 1) k <= INR s - 1.
Proof.
  intros within k. rewrite <- staleness_less_one.
  apply Rle_trans with (sum T (fun i => ind (between (k + 1) (k + 1 + (s - 1)) i))); [| apply count_steps].
  apply sum_le. intros i inside. rewrite Rmult_1_r. unfold in_window.
  destruct (between (tau i) i k) eqn:member; [| apply ind_nonneg].
  replace (between (k + 1) (k + 1 + (s - 1)) i) with true; [lra |]. symmetry.
  apply between_true in member. apply between_true. pose proof (delay_below within i inside). lia.
Qed.

Lemma served_count : delays_within -> forall t, served (fun _ => 1) t <= INR s.
Proof.
  intros within t. apply Rle_trans with (sum T (fun k => ind (between t (t + s) k))); [| apply count_steps].
  apply sum_le. intros k inside. rewrite Rmult_1_r.
  destruct (Nat.eqb_spec (tau k) t) as [reads |]; [| apply ind_nonneg].
  replace (between t (t + s) k) with true; [simpl; lra |]. symmetry. apply between_true.
  pose proof (delay_below within k inside). pose proof (reads_past k inside). pose proof some_staleness. lia.
Qed.

End Setting.
