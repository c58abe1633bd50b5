(** Published bounds on weighted means: theory/bounds/parts/means.py, lian2015.py, parts/undelayed.py, ghadimi2013.py. *)

From Coq Require Import Reals Lra Lia Arith.
From Gradlag Require Import Sums Space Setting Run Steps.
Open Scope R_scope.

Section Means.
Context {N : Setting} (run : Trace N).

Notation g := (gradients run).
Notation x := (points run).
Notation m := (fun t => square (g t)).
Notation f := (heights run).

(** Step 1: |a + b|^2 <= 2 |a|^2 + 2 |b|^2, and Cauchy-Schwarz over the d_k steps of a window. *)
Lemma way_by_count : forall k, square (way run (tau k) k) <= delay k * window (fun j => eta j ^ 2 * m (tau j)) k.
Proof.
  intros k.
  set (other := vsum T (fun j => scale (ind (in_window k j)) (scale (eta j) (g (tau j))))).
  assert (forall v, inner (way run (tau k) k) v = inner other v) as same.
  { intros v. unfold way, other. rewrite !inner_vsum. apply sum_ext. intros j _. unfold in_window.
    rewrite !inner_scale. ring. }
  assert (square (way run (tau k) k) = square other) as length
    by (unfold square; rewrite same, inner_comm, same; reflexivity).
  rewrite length.
  apply Rle_trans with (1 := cauchy _ T (fun j => ind (in_window k j)) (fun j => scale (eta j) (g (tau j)))
    (fun j _ => ind_nonneg _)).
  apply Rle_trans with (sum T (fun j => ind (in_window k j)) * window (fun j => eta j ^ 2 * m (tau j)) k).
  - apply Req_le. f_equal. apply sum_ext. intros j _. rewrite square_scale. ring.
  - apply Rmult_le_compat_r; [| apply count_between].
    apply window_nonneg. intros j _. apply Rmult_le_pos; [apply pow2_ge_0 | apply square_nonneg].
Qed.

Lemma way_and_drift : forall k, (k < T)%nat -> square (sub (x (tau k)) (x k)) <=
  2 * delay k * window (fun j => eta j ^ 2 * m (tau j)) k + 2 * sigma ^ 2 * window (fun j => eta j ^ 2) k.
Proof.
  intros k inside. rewrite distance by (pose proof (reads_past k inside); lia).
  pose proof (square_sub_nonneg _ (way run (tau k) k) (drift run (tau k) k)).
  pose proof (way_by_count k). pose proof (drift_in_window run k) as noise.
  replace (Q k) with (window (fun j => eta j ^ 2) k) in noise
    by (apply sum_ext; intros; ring). lra.
Qed.

Definition c (k : nat) : R := L * eta k + 2 * L ^ 2 * eta k * readers (fun i => eta i * delay i) k.
Definition noise : R :=
  L * sigma ^ 2 * total (fun k => eta k ^ 2)
  + 2 * L ^ 2 * sigma ^ 2 * total (fun k => eta k * window (fun j => eta j ^ 2) k).

(** The descent lemma for one step, doubled. *)
Lemma one_step : forall k, (k < T)%nat ->
  eta k * m k + eta k * (1 - L * eta k) * m (tau k) - L ^ 2 * (eta k * square (sub (x (tau k)) (x k)))
  - L * sigma ^ 2 * eta k ^ 2 <= 2 * (f k - f (S k)).
Proof.
  intros k inside. pose proof (smoothness_positive run) as positive. pose proof (steps_nonneg k inside) as sign.
  pose proof (descent run k 1 ltac:(lra)) as falls. rewrite inner_move in falls by exact inside.
  pose proof (square_move_le run k inside) as long. pose proof (inner_of_read run k) as aligned.
  apply (Rmult_le_compat_l (eta k)) in aligned; [| exact sign].
  apply (Rmult_le_compat_l L) in long; [| lra]. cbv beta. lra.
Qed.

(** Step 2. *)
Theorem shared : total (fun k => eta k * m k) + total (fun k => eta k * (1 - c k) * m (tau k)) <= 2 * Delta + noise.
Proof.
  pose proof (smoothness_positive run) as positive.
  assert (forall k, (k < T)%nat -> eta k * m k + eta k * (1 - L * eta k) * m (tau k)
    - 2 * L ^ 2 * (eta k * delay k * window (fun j => eta j ^ 2 * m (tau j)) k)
    - 2 * L ^ 2 * sigma ^ 2 * (eta k * window (fun j => eta j ^ 2) k)
    - L * sigma ^ 2 * eta k ^ 2 <= 2 * (f k - f (S k))) as each.
  { intros k inside. pose proof (one_step k inside) as falls. pose proof (way_and_drift k inside) as far.
    pose proof (steps_nonneg k inside) as sign.
    apply (Rmult_le_compat_l (L ^ 2 * eta k)) in far; [| apply Rmult_le_pos; [apply pow2_ge_0 | exact sign]].
    cbv beta in *. lra. }
  pose proof (sum_le T _ _ each) as summed. rewrite sum_scale, sum_telescopes in summed. cbv beta in summed.
  rewrite !(sum_minus T), (sum_plus T), !(sum_scale T) in summed.
  pose proof (exchange (fun k => eta k * delay k) (fun j => eta j ^ 2 * square (g (tau j)))) as ways.
  unfold total at 1 in ways. rewrite ways in summed.
  assert (total (fun k => eta k * (1 - c k) * m (tau k)) = sum T (fun k => eta k * (1 - L * eta k) * m (tau k))
    - 2 * L ^ 2 * total (fun j => eta j ^ 2 * square (g (tau j)) * readers (fun i => eta i * delay i) j)) as reads.
  { unfold total. rewrite <- sum_scale, <- sum_minus. apply sum_ext. intros k inside. unfold c. ring. }
  pose proof (falls_to_below run T) as end_of_run.
  assert (0 <= square (g T) / (2 * L)) as last_sign.
  { apply Rmult_le_pos; [apply square_nonneg | apply Rlt_le, Rinv_0_lt_compat; lra]. }
  unfold noise, total in *. cbv beta in *. lra.
Qed.

(** Step 3: where every c_k <= 1. *)
Theorem mean_of_steps : (forall k, (k < T)%nat -> c k <= 1) -> 0 < total eta ->
  total (fun t => eta t * m t) / total eta <= (2 * Delta + noise) / total eta.
Proof.
  intros small some. apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat, some |].
  apply Rle_trans with (2 := shared).
  assert (0 <= total (fun k => eta k * (1 - c k) * m (tau k))) as dropped; [| lra].
  apply sum_nonneg. intros k inside. pose proof (small k inside).
  apply Rmult_le_pos; [apply Rmult_le_pos; [apply steps_nonneg, inside | lra] | apply square_nonneg].
Qed.

Theorem lian2015 : delays_within ->
  (forall k, (k < T)%nat -> L * eta k + 2 * L ^ 2 * (INR s - 1) * eta k * readers eta k <= 1) -> 0 < total eta ->
  total (fun t => eta t * m t) / total eta <= (2 * Delta + noise) / total eta.
Proof.
  intros within small some. apply mean_of_steps; [| exact some]. intros k inside.
  apply Rle_trans with (2 := small k inside). unfold c. apply Rplus_le_compat_l.
  replace (2 * L ^ 2 * (INR s - 1) * eta k * readers eta k) with (2 * L ^ 2 * eta k * ((INR s - 1) * readers eta k)) by ring.
  apply Rmult_le_compat_l.
  - apply Rmult_le_pos; [| apply steps_nonneg, inside]. pose proof (pow2_ge_0 L). lra.
  - rewrite <- readers_scale. apply readers_le. intros i inside_i. rewrite Rmult_comm.
    apply Rmult_le_compat_r; [apply steps_nonneg, inside_i | exact (within i inside_i)].
Qed.

(** Without delay. *)
Hypothesis prompt : forall k, (k < T)%nat -> delay k <= 0.

Lemma reads_itself : forall k, (k < T)%nat -> tau k = k.
Proof.
  intros k inside. pose proof (reads_past k inside) as past. pose proof (prompt k inside) as still.
  destruct (Nat.eq_dec (tau k) k) as [| late]; [assumption | exfalso].
  pose proof (lt_INR 0 (k - tau k) ltac:(lia)) as more. unfold delay in still. simpl in more. lra.
Qed.

Theorem undelayed : total (fun t => (2 * eta t - L * eta t ^ 2) * m t) <= 2 * Delta + L * sigma ^ 2 * total (fun k => eta k ^ 2).
Proof.
  pose proof (smoothness_positive run) as positive.
  assert (forall k, (k < T)%nat -> (2 * eta k - L * eta k ^ 2) * m k - L * sigma ^ 2 * eta k ^ 2 <= 2 * (f k - f (S k))) as each.
  { intros k inside. pose proof (descent run k 1 ltac:(lra)) as falls. rewrite inner_move in falls by exact inside.
    pose proof (square_move_le run k inside) as long. rewrite (reads_itself k inside) in *.
    apply (Rmult_le_compat_l L) in long; [| lra]. unfold square in *. cbv beta. lra. }
  pose proof (sum_le T _ _ each) as summed. rewrite sum_scale, sum_telescopes, (sum_minus T), (sum_scale T) in summed.
  pose proof (falls_to_below run T) as end_of_run.
  assert (0 <= square (g T) / (2 * L)) as last_sign.
  { apply Rmult_le_pos; [apply square_nonneg | apply Rlt_le, Rinv_0_lt_compat; lra]. }
  unfold total. cbv beta in *. lra.
Qed.

Theorem ghadimi2013 : 0 < total (fun t => 2 * eta t - L * eta t ^ 2) ->
  total (fun t => (2 * eta t - L * eta t ^ 2) * m t) / total (fun t => 2 * eta t - L * eta t ^ 2)
  <= (2 * Delta + L * sigma ^ 2 * total (fun k => eta k ^ 2)) / total (fun t => 2 * eta t - L * eta t ^ 2).
Proof.
  intros some. apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat, some | exact undelayed].
Qed.

End Means.
