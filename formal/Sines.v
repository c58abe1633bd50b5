(** U_m = sin(m theta)/sin(theta), with its limits where sin(theta) = 0: U_0 = 0, U_1 = 1 and
    U_{m+1} + U_{m-1} = 2 cos(theta) U_m. With it the discrete Wirtinger inequality of Theorem C. *)

From Coq Require Import Reals Lra Lia Arith.
From Gradlag Require Import Sums Space.
Open Scope R_scope.

Fixpoint sine_ratio (m : nat) (theta : R) : R :=
  match m with
  | O => 0
  | S n => match n with O => 1 | S p => 2 * cos theta * sine_ratio n theta - sine_ratio p theta end
  end.

(** Two cases in one: a claim about m and m + 1. *)
Lemma two_at_once : forall P : nat -> Prop, P 0%nat -> P 1%nat -> (forall m, P m -> P (S m) -> P (S (S m))) -> forall m, P m.
Proof.
  intros P zero one next m. assert (P m /\ P (S m)) as both; [| apply both].
  induction m as [| m [here after]]; [split; assumption | split; [exact after | apply next; assumption]].
Qed.

(** It is what its name says. *)
Lemma sine_ratio_is : forall theta m, sin theta <> 0 -> sine_ratio m theta = sin (INR m * theta) / sin theta.
Proof.
  intros theta m regular. induction m as [| | m here after] using two_at_once.
  - simpl. rewrite Rmult_0_l, sin_0. field. exact regular.
  - simpl. rewrite Rmult_1_l. field. exact regular.
  - change (sine_ratio (S (S m)) theta) with (2 * cos theta * sine_ratio (S m) theta - sine_ratio m theta).
    rewrite here, after, !S_INR.
    replace ((INR m + 1 + 1) * theta) with ((INR m + 1) * theta + theta) by ring.
    replace (INR m * theta) with ((INR m + 1) * theta - theta) by ring.
    rewrite sin_plus, sin_minus. field. exact regular.
Qed.

Lemma sine_ratio_at_zero : forall m, sine_ratio m 0 = INR m.
Proof.
  intros m. induction m as [| | m here after] using two_at_once; [reflexivity | reflexivity |].
  change (sine_ratio (S (S m)) 0) with (2 * cos 0 * sine_ratio (S m) 0 - sine_ratio m 0).
  rewrite here, after, cos_0, !S_INR. ring.
Qed.

Section Wirtinger.
Context (theta : R) (s : nat).
Hypothesis angle : 0 <= theta.
Hypothesis angle_small : (2 * INR s - 1) * theta <= PI.

Notation U m := (sine_ratio m theta).
Notation r := (sin (theta / 2)).

Lemma recurrence : forall m, U (S (S m)) = (2 - 4 * r ^ 2) * U (S m) - U m.
Proof.
  intros m. change (U (S (S m))) with (2 * cos theta * U (S m) - U m).
  replace theta with (2 * (theta / 2)) at 1 by field. rewrite cos_2a_sin. ring.
Qed.

Lemma wronskian : forall m, U (S m) ^ 2 - U m * U (S (S m)) = 1.
Proof.
  induction m as [| m IH]; [simpl; ring |]. rewrite (recurrence (S m)). rewrite <- IH, (recurrence m). ring.
Qed.

(** cos(theta/2) (U_{m+1} - U_m) = cos((m + 1/2) theta). *)
Lemma difference : forall m, cos (theta / 2) * (U (S m) - U m) = cos (INR m * theta + theta / 2).
Proof.
  intros m. induction m as [| | m here after] using two_at_once.
  - simpl. rewrite Rmult_0_l, Rplus_0_l. ring.
  - simpl. replace (1 * theta + theta / 2) with (theta + theta / 2) by ring.
    assert (cos theta = 1 - 2 * (sin (theta / 2) * sin (theta / 2))) as double.
    { replace theta with (2 * (theta / 2)) at 1 by field. rewrite cos_2a_sin. ring. }
    assert (sin theta = 2 * sin (theta / 2) * cos (theta / 2)) as double'.
    { replace theta with (2 * (theta / 2)) at 1 by field. apply sin_2a. }
    rewrite cos_plus, double, double'. ring.
  - change (U (S (S (S m)))) with (2 * cos theta * U (S (S m)) - U (S m)).
    replace (U (S (S m))) with (2 * cos theta * U (S m) - U m) at 2 by reflexivity.
    replace (cos (theta / 2) * (2 * cos theta * U (S (S m)) - U (S m) - (2 * cos theta * U (S m) - U m)))
      with (2 * cos theta * (cos (theta / 2) * (U (S (S m)) - U (S m))) - cos (theta / 2) * (U (S m) - U m)) by ring.
    rewrite here, after, !S_INR. set (x := (INR m + 1) * theta + theta / 2).
    replace ((INR m + 1 + 1) * theta + theta / 2) with (x + theta) by (unfold x; ring).
    replace (INR m * theta + theta / 2) with (x - theta) by (unfold x; ring).
    rewrite cos_plus, cos_minus. ring.
Qed.

Lemma increases : forall m, (m < s)%nat -> U m <= U (S m).
Proof.
  intros [| m] inside; [simpl; lra |].
  pose proof (le_INR 2 s ltac:(lia)) as two. simpl in two. pose proof PI_RGT_0.
  assert (3 * theta <= PI) as third.
  { apply Rle_trans with (2 := angle_small). apply Rmult_le_compat_r; lra. }
  assert (0 < cos (theta / 2)) as positive by (apply cos_gt_0; lra).
  assert (0 <= cos (INR (S m) * theta + theta / 2)) as sign.
  { pose proof (le_INR (S (S m)) s inside) as few. rewrite S_INR in few.
    assert (0 <= INR (S m) * theta) by (apply Rmult_le_pos; [apply pos_INR | exact angle]).
    assert ((INR (S m) + 1) * theta <= INR s * theta) by (apply Rmult_le_compat_r; assumption).
    apply cos_ge_0; lra. }
  rewrite <- difference in sign. apply Rmult_le_reg_l with (cos (theta / 2)); [exact positive | lra].
Qed.

Lemma at_least_one : forall m, (1 <= m <= s)%nat -> 1 <= U m.
Proof.
  induction m as [| m IH]; intros [low high]; [lia |]. destruct m as [| m]; [simpl; lra |].
  apply Rle_trans with (U (S m)); [apply IH; lia | apply increases; lia].
Qed.

Lemma nonneg : forall m, (m <= s)%nat -> 0 <= U m.
Proof. intros [| m] inside; [simpl; lra |]. pose proof (at_least_one (S m) ltac:(lia)). lra. Qed.

(** a_m = U_m - U_{m-1}, and U_{-1} = -1. *)
Definition steep (m : nat) : R := match m with O => 1 | S n => U (S n) - U n end.

Lemma steep_nonneg : forall m, (m <= s)%nat -> 0 <= steep m.
Proof. intros [| m] inside; unfold steep; [lra |]. pose proof (increases m ltac:(lia)). lra. Qed.

Lemma steep_next : forall m, steep m = steep (S m) + 4 * r ^ 2 * U m.
Proof. intros [| m]; unfold steep; [simpl; ring |]. rewrite (recurrence m). ring. Qed.

(** Discrete Wirtinger inequality. *)
Lemma wirtinger : forall (X : Form) (y : nat -> X) m, (m <= s)%nat ->
  steep m * (square (y 0%nat) + square (y m))
  - U m * (sum m (fun j => square (sub (y (S j)) (y j))) - 4 * r ^ 2 * sum (m - 1) (fun j => square (y (S j))))
  <= 2 * inner (y 0%nat) (y m).
Proof.
  intros X y [| m] inside; [unfold square; simpl; lra |]. unfold steep.
  assert (0 <= sum (S m) (fun j => square (sub (y (S j)) (y j))) - 4 * r ^ 2 * sum m (fun j => square (y (S j)))
    + (2 * inner (y 0%nat) (y (S m)) - (U (S m) - U m) * (square (y 0%nat) + square (y (S m)))) / U (S m)) as claim.
  { induction m as [| m IH].
    - unfold sum. rewrite square_sub, (inner_comm (y 1%nat) (y 0%nat)). simpl sine_ratio. lra.
    - apply Rle_trans with (1 := IH ltac:(lia)).
      pose proof (at_least_one (S m) ltac:(lia)) as here. pose proof (at_least_one (S (S m)) ltac:(lia)) as after.
      set (q := sub (sub (scale (U (S (S m))) (y (S m))) (scale (U (S m)) (y (S (S m))))) (y 0%nat)).
      assert (0 <= square q / (U (S m) * U (S (S m)))) as dropped.
      { apply Rmult_le_pos; [apply square_nonneg |]. apply Rlt_le, Rinv_0_lt_compat, Rmult_lt_0_compat; lra. }
      assert (square q = U (S (S m)) ^ 2 * square (y (S m)) + U (S m) ^ 2 * square (y (S (S m)))
        + (U (S m) ^ 2 - U m * U (S (S m))) * square (y 0%nat)
        - 2 * U (S m) * U (S (S m)) * inner (y (S m)) (y (S (S m)))
        - 2 * U (S (S m)) * inner (y 0%nat) (y (S m)) + 2 * U (S m) * inner (y 0%nat) (y (S (S m)))) as open.
      { rewrite wronskian. unfold q. rewrite !square_sub, !square_scale, inner_sub, !inner_scale, inner_scale_right.
        rewrite (inner_comm (y (S m)) (y 0%nat)), (inner_comm (y (S (S m))) (y 0%nat)). ring. }
      rewrite open in dropped.
      change (sum (S (S m)) (fun j => square (sub (y (S j)) (y j)))) with
        (sum (S m) (fun j => square (sub (y (S j)) (y j))) + square (sub (y (S (S m))) (y (S m)))).
      change (sum (S m) (fun j => square (y (S j)))) with (sum m (fun j => square (y (S j))) + square (y (S m))).
      rewrite (square_sub _ (y (S (S m))) (y (S m))), (inner_comm (y (S (S m))) (y (S m))).
      set (W := sum (S m) (fun j => square (sub (y (S j)) (y j)))). set (V := sum m (fun j => square (y (S j)))).
      assert ((2 - 4 * r ^ 2) * U (S m) = U (S (S m)) + U m) as rec by (rewrite (recurrence m); ring).
      assert (4 * r ^ 2 = 2 - (U (S (S m)) + U m) / U (S m)) as curve by (rewrite <- rec; field; lra).
      apply Rle_trans with (W - 4 * r ^ 2 * V + (2 * inner (y 0%nat) (y (S m))
          - (U (S m) - U m) * (square (y 0%nat) + square (y (S m)))) / U (S m)
        + (U (S (S m)) ^ 2 * square (y (S m)) + U (S m) ^ 2 * square (y (S (S m)))
        + (U (S m) ^ 2 - U m * U (S (S m))) * square (y 0%nat)
        - 2 * U (S m) * U (S (S m)) * inner (y (S m)) (y (S (S m)))
        - 2 * U (S (S m)) * inner (y 0%nat) (y (S m)) + 2 * U (S m) * inner (y 0%nat) (y (S (S m))))
          / (U (S m) * U (S (S m)))); [lra |].
      apply Req_le. rewrite curve. field. lra. }
  pose proof (at_least_one (S m) ltac:(lia)) as large. replace (S m - 1)%nat with m by lia.
  apply (Rmult_le_compat_l (U (S m))) in claim; [| lra].
  rewrite Rmult_0_r, Rmult_plus_distr_l in claim.
  set (rest := 2 * inner (y 0%nat) (y (S m)) - (U (S m) - U m) * (square (y 0%nat) + square (y (S m)))) in *.
  replace (U (S m) * (rest / U (S m))) with rest in claim by (field; lra). unfold rest in claim. lra.
Qed.

End Wirtinger.
