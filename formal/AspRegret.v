(** The regret of several centres that withhold small updates (theory/bounds/asp_regret.py). *)

From Coq Require Import Reals Lra Lia.
From Gradlag Require Import Sums Space Setting CentresRun.
Open Scope R_scope.

Section AspRegret.
Context {N : Setting} (run : Centres N) (G radius centres threshold size : R).
Hypothesis convex : convex_losses run G radius.
Hypothesis reads : several_centres run centres threshold size.
Hypothesis positive : forall k, (k < T)%nat -> 0 < eta k.
Hypothesis falling : forall k, (1 <= k < T)%nat -> eta k <= previous eta k.
Hypothesis radius_sign : 0 <= radius.

Let D (k : nat) : R := square (sub (x run k) (star run)).

Lemma near : forall k, (k < T)%nat -> D k <= radius * radius.
Proof.
  intros k inside. destruct (convex k inside) as [_ [_ close]]. unfold D. rewrite <- norm_squared.
  apply Rmult_le_compat; (apply norm_nonneg || exact close).
Qed.

(** Summation by parts: sum_{k<n} (D_k - D_{k+1})/eta_k <= (R^2 - D_n)/eta_{n-1}. *)
Lemma by_parts : forall n, (n < T)%nat ->
  sum (S n) (fun k => (D k - D (S k)) / eta k) <= (radius * radius - D (S n)) / eta n.
Proof.
  induction n as [| n IH]; intros inside.
  - simpl. rewrite Rplus_0_l. pose proof (near 0 inside). pose proof (positive 0 inside).
    apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat; assumption | lra].
  - cbn [sum] in *. apply Rle_trans with ((radius * radius - D (S n)) / eta n + (D (S n) - D (S (S n))) / eta (S n)).
    + apply Rplus_le_compat_r, IH. lia.
    + pose proof (near (S n) inside). pose proof (positive n ltac:(lia)). pose proof (positive (S n) inside).
      pose proof (falling (S n) ltac:(lia)) as shorter. simpl in shorter.
      assert (/ eta n <= / eta (S n)) by (apply Rinv_le_contravar; assumption).
      assert ((radius * radius - D (S n)) * / eta n <= (radius * radius - D (S n)) * / eta (S n))
        by (apply Rmult_le_compat_l; lra).
      unfold Rdiv. replace ((radius * radius - D (S (S n))) * / eta (S n))
        with ((radius * radius - D (S n)) * / eta (S n) + (D (S n) - D (S (S n))) * / eta (S n)) by ring. lra.
Qed.

(** <a_k, x_k - star>, from the step. *)
Lemma moved : forall k, (k < T)%nat ->
  inner (a run k) (sub (x run k) (star run)) = (D k - D (S k)) / eta k / 2 + eta k / 2 * square (a run k).
Proof.
  intros k inside. pose proof (positive k inside).
  assert (D (S k) = D k - 2 * eta k * inner (a run k) (sub (x run k) (star run)) + eta k * eta k * square (a run k))
    as step.
  { unfold D. rewrite (iteration run k inside). open_inner.
    rewrite (inner_comm (star run) (x run k)), (inner_comm (x run k) (a run k)), (inner_comm (star run) (a run k)). ring. }
  rewrite step. field. lra.
Qed.

(** <a_k, v> is at most G times a bound of |v|. *)
Lemma along : forall k (v : space run) most, (k < T)%nat -> norm v <= most -> inner (a run k) v <= G * most.
Proof.
  intros k v most inside short. destruct (convex k inside) as [_ [bounded _]].
  apply Rle_trans with (1 := cauchy_schwarz _ (a run k) v).
  apply Rmult_le_compat; (apply norm_nonneg || assumption).
Qed.

(** The regret of one step. *)
Lemma one_step : forall k, (k < T)%nat -> regret run k <=
  (D k - D (S k)) / eta k / 2 + G ^ 2 * (eta k / 2 + window eta k)
  + G * (centres - 1) * threshold * size * eta (tau k).
Proof.
  intros k inside. destruct (convex k inside) as [tangent [bounded _]]. specialize (tangent (star run)).
  destruct reads as [others [late [withheld [many known]]]]. destruct (known k inside) as [point [parts small]].
  assert (inner (a run k) (sub (z run k) (star run)) = inner (a run k) (sub (x run k) (star run))
    + sum T (fun j => ind (in_window k j) * (eta j * inner (a run k) (late k j)))
    + sum others (fun c => inner (a run k) (withheld k c))) as apart.
  { rewrite point, inner_sub_right, !inner_add_right, !inner_vsum_right, inner_sub_right.
    rewrite (sum_ext T _ (fun j => ind (in_window k j) * (eta j * inner (a run k) (late k j))));
      [ring | intros; rewrite inner_scale_right; ring]. }
  assert (sum T (fun j => ind (in_window k j) * (eta j * inner (a run k) (late k j))) <= G ^ 2 * window eta k) as delay.
  { unfold window. rewrite <- sum_scale. apply sum_le. intros j here.
    replace (G ^ 2 * (ind (in_window k j) * eta j)) with (ind (in_window k j) * (eta j * (G * G))) by ring.
    apply Rmult_le_compat_l; [apply ind_nonneg |]. apply Rmult_le_compat_l; [apply steps_nonneg; exact here |].
    apply along; [exact inside |]. apply Rle_trans with (1 := parts j here). apply (convex j here). }
  assert (sum others (fun c => inner (a run k) (withheld k c)) <= G * (centres - 1) * threshold * size * eta (tau k))
    as kept_back.
  { replace (G * (centres - 1) * threshold * size * eta (tau k))
      with (INR others * (G * (threshold * eta (tau k) * size))) by (rewrite many; ring).
    rewrite <- sum_const. apply sum_le. intros c here. apply along; [exact inside | exact (small c here)]. }
  assert (square (a run k) <= G ^ 2) as short.
  { rewrite <- norm_squared. replace (G ^ 2) with (G * G) by ring. apply Rmult_le_compat; (apply norm_nonneg || assumption). }
  pose proof (moved k inside) as step. pose proof (positive k inside).
  assert (eta k / 2 * square (a run k) <= eta k / 2 * G ^ 2) by (apply Rmult_le_compat_l; lra).
  rewrite inner_sub_right in tangent. rewrite inner_sub_right in apart at 1. unfold regret. lra.
Qed.

Theorem asp_regret : total (regret run) <=
  radius ^ 2 / 2 * peak (fun k => 1 / eta k) + G ^ 2 * total (fun k => eta k / 2 + window eta k)
  + G * (centres - 1) * threshold * size * total (fun k => eta k * served (fun _ => 1) k).
Proof.
  rewrite <- (by_readers (fun _ => 1) eta).
  apply Rle_trans with (total (fun k => 1 / 2 * ((D k - D (S k)) / eta k) + G ^ 2 * (eta k / 2 + window eta k)
    + G * (centres - 1) * threshold * size * (1 * eta (tau k)))).
  { apply sum_le. intros k inside. apply Rle_trans with (1 := one_step k inside). apply Req_le. unfold Rdiv. ring. }
  unfold total. rewrite !sum_plus, !sum_scale, ?sum_plus.
  assert (exists n, T = S n) as [n last] by (exists (T - 1)%nat; pose proof some_step; lia).
  pose proof (by_parts n ltac:(lia)) as parts. rewrite <- last in parts.
  pose proof (positive n ltac:(lia)).
  assert (1 / eta n <= peak (fun k => 1 / eta k)) as shortest.
  { unfold peak. exact (largest_above T (fun k => 1 / eta k) n ltac:(lia)). }
  assert (0 <= D T) as sign_D by (apply square_nonneg).
  assert ((radius * radius - D T) / eta n <= radius * radius * (1 / eta n)).
  { replace (radius * radius * (1 / eta n)) with (radius * radius / eta n) by (field; lra).
    apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat; assumption | lra]. }
  assert (radius * radius * (1 / eta n) <= radius * radius * peak (fun k => 1 / eta k))
    by (apply Rmult_le_compat_l; [apply Rmult_le_pos; exact radius_sign | exact shortest]).
  replace (radius ^ 2 / 2) with (1 / 2 * (radius * radius)) by field. lra.
Qed.

End AspRegret.
