(** Made by `python -m formal.export` from the bounds in theory/bounds: not written by hand. *)

From Coq Require Import Reals.
From Gradlag Require RandomRun MovingRun CentresRun LeftOutRun.
From Gradlag Require Import Setting Run Sines.
Open Scope R_scope.

(** dai2019. *)
Module dai2019.
Section Bound.
Context {N : Setting} (run : Run N).
Definition w (k : nat) : R := mu * eta k - INR s * L / 2 * eta k ^ 2.
Definition value : R := (INR s * L * Delta / mu ^ 2 + sigma ^ 2 * ln (INR T) / INR s) / sqrt (INR T).
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= Delta.
Definition condition_3 : Prop := 0 <= sigma.
Definition condition_4 : Prop := 0 < mu.
Definition condition_5 : Prop := mu <= 1.
Definition condition_6 : Prop := forall k, (k < T)%nat -> delay k <= INR s - 1.
Definition condition_7 : Prop := 7 <= INR T.
Definition condition_8 : Prop := forall k, (k < T)%nat -> eta k = mu / (INR s * L * sqrt (INR (S k))).
Definition claim : Prop := (exists t, (t < T)%nat /\ mean_square run t <= value) /\ weighed_before_last (fun t => w t)
  (mu * total (fun j => eta j) - INR s * L / 2 * total (fun j => eta j ^ 2)) value (mean_square run).
Definition holds : Prop :=
  smooth run -> bounded_below run -> unbiased run -> bounded_variance run -> coherent run -> condition_1 ->
  condition_2 -> condition_3 -> condition_4 -> condition_5 -> condition_6 -> condition_7 -> condition_8 -> claim.
End Bound.
Definition statement : Prop := forall N run, @holds N run.
End dai2019.

(** dai2019-sum. *)
Module dai2019_sum.
Section Bound.
Context {N : Setting} (run : Run N).
Definition w (k : nat) : R := mu * eta k - INR s * L / 2 * eta k ^ 2.
Definition value : R := (Delta + L * sigma ^ 2 / 2 * total (fun j => eta j ^ 2)) / (mu * total (fun j => eta j) - INR
  s * L / 2 * total (fun j => eta j ^ 2)).
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= Delta.
Definition condition_3 : Prop := 0 <= sigma.
Definition condition_4 : Prop := 0 < mu.
Definition condition_5 : Prop := mu <= 1.
Definition condition_6 : Prop := forall k, (k < T)%nat -> delay k <= INR s - 1.
Definition condition_7 : Prop := forall k, (1 <= k < T)%nat -> 1 < INR s -> eta k <= previous (fun j => eta j) k.
Definition condition_8 : Prop := forall t, (t < T)%nat -> 0 <= w t.
Definition condition_9 : Prop := 0 < mu * total (fun j => eta j) - INR s * L / 2 * total (fun j => eta j ^ 2).
Definition claim : Prop := (exists t, (t < T)%nat /\ mean_square run t <= value) /\ weighed_before_last (fun t => w t)
  (mu * total (fun j => eta j) - INR s * L / 2 * total (fun j => eta j ^ 2)) value (mean_square run).
Definition holds : Prop :=
  smooth run -> bounded_below run -> unbiased run -> bounded_variance run -> coherent run -> condition_1 ->
  condition_2 -> condition_3 -> condition_4 -> condition_5 -> condition_6 -> condition_7 -> condition_8 -> condition_9
  -> claim.
End Bound.
Definition statement : Prop := forall N run, @holds N run.
End dai2019_sum.

(** dai2019-tight. *)
Module dai2019_tight.
Section Bound.
Context {N : Setting} (run : Run N).
Definition w (k : nat) : R := mu * eta k - L / 2 * served (fun j => eta j ^ 2) k.
Definition value : R := (Delta + L * sigma ^ 2 / 2 * total (fun j => eta j ^ 2)) / (mu * total (fun j => eta j) - L /
  2 * total (fun j => eta j ^ 2)).
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= Delta.
Definition condition_3 : Prop := 0 <= sigma.
Definition condition_4 : Prop := 0 < mu.
Definition condition_5 : Prop := mu <= 1.
Definition condition_6 : Prop := forall k, (k < T)%nat -> delay k <= INR s - 1.
Definition condition_7 : Prop := forall t, (t < T)%nat -> 0 <= w t.
Definition condition_8 : Prop := 0 < mu * total (fun j => eta j) - L / 2 * total (fun j => eta j ^ 2).
Definition claim : Prop := (exists t, (t < T)%nat /\ mean_square run t <= value) /\ weighed_before_last (fun t => w t)
  (mu * total (fun j => eta j) - L / 2 * total (fun j => eta j ^ 2)) value (mean_square run).
Definition holds : Prop :=
  smooth run -> bounded_below run -> unbiased run -> bounded_variance run -> coherent run -> condition_1 ->
  condition_2 -> condition_3 -> condition_4 -> condition_5 -> condition_6 -> condition_7 -> condition_8 -> claim.
End Bound.
Definition statement : Prop := forall N run, @holds N run.
End dai2019_tight.

(** dai2019-constant. *)
Module dai2019_constant.
Section Bound.
Context {N : Setting} (run : Run N).
Definition value : R := (2 * Delta + L * sigma ^ 2 * total (fun j => eta j ^ 2)) / (mu * total (fun j => eta j)).
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= Delta.
Definition condition_3 : Prop := 0 <= sigma.
Definition condition_4 : Prop := 0 < mu.
Definition condition_5 : Prop := mu <= 1.
Definition condition_6 : Prop := forall k, (k < T)%nat -> delay k <= INR s - 1.
Definition condition_7 : Prop := forall k, (1 <= k < T)%nat -> 1 < INR s -> eta k <= previous (fun j => eta j) k.
Definition condition_8 : Prop := forall k, (k < T)%nat -> eta k <= mu / (INR s * L).
Definition condition_9 : Prop := 0 < mu * total (fun j => eta j).
Definition claim : Prop := (exists t, (t < T)%nat /\ mean_square run t <= value) /\ weighed_before_last (fun t => mu *
  eta t) (mu * total (fun j => eta j)) value (mean_square run).
Definition holds : Prop :=
  smooth run -> bounded_below run -> unbiased run -> bounded_variance run -> coherent run -> condition_1 ->
  condition_2 -> condition_3 -> condition_4 -> condition_5 -> condition_6 -> condition_7 -> condition_8 -> condition_9
  -> claim.
End Bound.
Definition statement : Prop := forall N run, @holds N run.
End dai2019_constant.

(** dai2019-strict. *)
Module dai2019_strict.
Section Bound.
Context {N : Setting} (run : Run N).
Definition w (k : nat) : R := mu * eta k - INR s * L / 2 * eta k ^ 2.
Definition value : R := (2 * INR s * L * Delta / mu ^ 2 + sigma ^ 2 * (1 + ln (INR T)) / INR s) / sqrt (INR T).
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= Delta.
Definition condition_3 : Prop := 0 <= sigma.
Definition condition_4 : Prop := 0 < mu.
Definition condition_5 : Prop := mu <= 1.
Definition condition_6 : Prop := forall k, (k < T)%nat -> delay k <= INR s - 1.
Definition condition_7 : Prop := forall k, (k < T)%nat -> eta k = mu / (INR s * L * sqrt (INR (S k))).
Definition claim : Prop := (exists t, (t < T)%nat /\ mean_square run t <= value) /\ weighed_before_last (fun t => w t)
  (mu * total (fun j => eta j) - INR s * L / 2 * total (fun j => eta j ^ 2)) value (mean_square run).
Definition holds : Prop :=
  smooth run -> bounded_below run -> unbiased run -> bounded_variance run -> coherent run -> condition_1 ->
  condition_2 -> condition_3 -> condition_4 -> condition_5 -> condition_6 -> condition_7 -> claim.
End Bound.
Definition statement : Prop := forall N run, @holds N run.
End dai2019_strict.

(** theorem-a. *)
Module theorem_a.
Section Bound.
Context {N : Setting} (run : Run N).
Definition H (k : nat) : R := window (fun j => eta j) k.
Definition o (k : nat) : R := where_overtaken 1 0 k.
Definition c (k : nat) : R := L * eta k + L ^ 2 * readers (fun j => eta j * H j * (1 + 2 * o j * L * H j)) k.
Definition v (k : nat) : R := eta k + served (fun j => eta j * (1 - c j)) k.
Definition value : R := (Delta + L * sigma ^ 2 / 2 * total (fun j => eta j ^ 2 * (1 + L * readers (fun i => eta i * (1
  + 3 * o i * L * H i)) j))) / (total (fun j => eta j * (1 - c j / 2)) + 1 / (2 * L)).
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= Delta.
Definition condition_3 : Prop := 0 <= sigma.
Definition condition_4 : Prop := forall k, (k < T)%nat -> delay k <= INR s - 1.
Definition condition_5 : Prop := forall t, (t < T)%nat -> 0 <= v t.
Definition claim : Prop := (exists t, (t <= T)%nat /\ mean_square run t <= value) /\ weighed_to_last (fun t => v t /
  2) (total (fun j => eta j * (1 - c j / 2)) + 1 / (2 * L)) value (mean_square run).
Definition holds : Prop :=
  smooth run -> bounded_below run -> unbiased run -> bounded_variance run -> condition_1 -> condition_2 -> condition_3
  -> condition_4 -> condition_5 -> claim.
End Bound.
Definition statement : Prop := forall N run, @holds N run.
End theorem_a.

(** theorem-ar. *)
Module theorem_ar.
Section Bound.
Context {N : Setting} (run : Run N).
Variable rho : nat -> R.
Definition H (k : nat) : R := window (fun j => eta j) k.
Definition o (k : nat) : R := where_overtaken 1 0 k.
Definition z (k : nat) : R := (1 + rho k) / 2.
Definition u (k : nat) : R := eta k / 2 * (z k * (1 - L * eta k) - L ^ 2 * readers (fun j => z j * eta j * H j * (1 +
  2 * o j * L * H j)) k).
Definition v (k : nat) : R := z k * eta k / 2 - (rho k - 1) / (4 * L) + previous (fun j => (1 - 1 / rho j) / (4 * L))
  k + served (fun j => u j) k.
Definition value : R := (Delta + L * sigma ^ 2 / 2 * total (fun j => eta j ^ 2 * (z j + L * readers (fun i => z i *
  eta i * (1 + 3 * o i * L * H i)) j))) / (total (fun j => z j * eta j / 2 + u j - (rho j + 1 / rho j - 2) / (4 * L))
  + 1 / (2 * L)).
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= Delta.
Definition condition_3 : Prop := 0 <= sigma.
Definition condition_4 : Prop := forall k, (k < T)%nat -> delay k <= INR s - 1.
Definition condition_5 : Prop := forall k, (k < T)%nat -> 1 / 3 <= rho k.
Definition condition_6 : Prop := forall t, (t < T)%nat -> 0 <= v t.
Definition condition_7 : Prop := 0 < total (fun j => z j * eta j / 2 + u j - (rho j + 1 / rho j - 2) / (4 * L)) + 1 /
  (2 * L).
Definition claim : Prop := (exists t, (t <= T)%nat /\ mean_square run t <= value) /\ weighed_to_last (fun t => v t)
  (total (fun j => z j * eta j / 2 + u j - (rho j + 1 / rho j - 2) / (4 * L)) + 1 / (2 * L)) value (mean_square run).
Definition holds : Prop :=
  smooth run -> bounded_below run -> unbiased run -> bounded_variance run -> condition_1 -> condition_2 -> condition_3
  -> condition_4 -> condition_5 -> condition_6 -> condition_7 -> claim.
End Bound.
Definition statement : Prop := forall N run rho, @holds N run rho.
End theorem_ar.

(** theorem-b. *)
Module theorem_b.
Section Bound.
Context {N : Setting} (run : Run N).
Definition H (k : nat) : R := window (fun j => eta j) k.
Definition H_plus (k : nat) : R := H k + eta k.
Definition R_ (k : nat) : R := readers (fun j => eta j * (H j + H_plus j)) k + eta k * H_plus k.
Definition b (k : nat) : R := Rmax (eta k) (L * R_ k).
Definition v (k : nat) : R := eta k + previous (fun j => eta j) k + served (fun j => eta j * (2 - L * b j)) k.
Definition value : R := Delta / (total (fun j => eta j * (1 - L * b j / 4)) + 1 / (2 * L)).
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= Delta.
Definition condition_3 : Prop := sigma = 0.
Definition condition_4 : Prop := forall k, (k < T)%nat -> delay k <= INR s - 1.
Definition condition_5 : Prop := forall t, (t < T)%nat -> 0 <= v t.
Definition claim : Prop := exists t, (t <= T)%nat /\ mean_square run t <= value.
Definition holds : Prop :=
  smooth run -> bounded_below run -> no_noise run -> condition_1 -> condition_2 -> condition_3 -> condition_4 ->
  condition_5 -> claim.
End Bound.
Definition statement : Prop := forall N run, @holds N run.
End theorem_b.

(** theorem-b-noise. *)
Module theorem_b_noise.
Section Bound.
Context {N : Setting} (run : Run N).
Variable share : nat -> R.
Variable young : nat -> R.
Definition H (k : nat) : R := window (fun j => eta j) k.
Definition H_plus (k : nat) : R := H k + eta k.
Definition o (k : nat) : R := where_overtaken 1 0 k.
Definition C (k : nat) : R := readers (fun j => (1 - share j) * eta j * (H j + H_plus j + 4 * o j * L * H j ^ 2)) k +
  (1 - share k) * eta k * H_plus k.
Definition R_ (k : nat) : R := readers (fun j => share j * eta j * (H j + H_plus j)) k + share k * eta k * H_plus k.
Definition b (k : nat) : R := Rmax (eta k) (L * R_ k + young k * eta k).
Definition N_ (k : nat) : R := readers (fun j => (1 - share j) * eta j * (2 + 6 * o j * L * H j)) k + (1 - share k) *
  eta k.
Definition v (k : nat) : R := eta k + previous (fun j => eta j) k + served (fun j => eta j * (2 - L * b j - L ^ 2 * C
  j)) k.
Definition value : R := (Delta + L * sigma ^ 2 / 4 * total (fun j => eta j * (b j + eta j / young j + L * eta j * N_
  j))) / (total (fun j => eta j * (1 - L * b j / 4 - L ^ 2 * C j / 4)) + 1 / (2 * L)).
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= Delta.
Definition condition_3 : Prop := 0 <= sigma.
Definition condition_4 : Prop := forall k, (k < T)%nat -> delay k <= INR s - 1.
Definition condition_5 : Prop := forall k, (k < T)%nat -> 0 <= share k.
Definition condition_6 : Prop := forall k, (k < T)%nat -> 0 <= 1 - share k.
Definition condition_7 : Prop := forall k, (k < T)%nat -> 0 < young k.
Definition condition_8 : Prop := forall t, (t < T)%nat -> 0 <= v t.
Definition claim : Prop := (exists t, (t <= T)%nat /\ mean_square run t <= value) /\ weighed_to_last (fun t => v t /
  4) (total (fun j => eta j * (1 - L * b j / 4 - L ^ 2 * C j / 4)) + 1 / (2 * L)) value (mean_square run).
Definition holds : Prop :=
  smooth run -> bounded_below run -> unbiased run -> bounded_variance run -> condition_1 -> condition_2 -> condition_3
  -> condition_4 -> condition_5 -> condition_6 -> condition_7 -> condition_8 -> claim.
End Bound.
Definition statement : Prop := forall N run share young, @holds N run share young.
End theorem_b_noise.

(** theorem-c. *)
Module theorem_c.
Section Bound.
Context {N : Setting} (run : Run N).
Variable best : R.
Definition theta : R := best.
Definition U_s : R := sine_ratio s theta.
Definition U_s_less_1 : R := sine_ratio (s - 1) theta.
Definition r : R := sin (theta / 2).
Definition h : R := L * eta 0.
Definition A : R := U_s - U_s_less_1.
Definition b : R := (INR s - 1) * U_s_less_1 + INR s * U_s.
Definition beta : R := Rmax 1 (h * b).
Definition n (k : nat) : R := served (fun j => 1) k.
Definition v : R := n 0 * h / 2 * (A + 2 * r ^ 2 * U_s_less_1 - beta * h / 2) + h / 4 * A + h * r ^ 2 * (U_s_less_1 +
  U_s) * total (fun j => INR s - 1 - delay j).
Definition nu : R := Rmax 0 (- v).
Definition S_ : R := h * (A + r ^ 2 * (b - A) - beta * h / 4).
Definition value : R := L * Delta * (1 + 2 * nu) / (INR T * S_ + nu + 1 / 2).
Definition condition_1 : Prop := 0 <= best <= PI / (2 * INR s - 1).
Definition condition_2 : Prop := 0 < L.
Definition condition_3 : Prop := 0 <= Delta.
Definition condition_4 : Prop := sigma = 0.
Definition condition_5 : Prop := forall k, (k < T)%nat -> eta k = eta 0.
Definition condition_6 : Prop := forall k, (1 <= k < T)%nat -> delay k = Rmin (previous (fun j => delay j) k + 1) (INR
  s - 1).
Definition condition_7 : Prop := 0 < S_.
Definition claim : Prop := exists t, (t <= T)%nat /\ mean_square run t <= value.
Definition holds : Prop :=
  smooth run -> bounded_below run -> no_noise run -> condition_1 -> condition_2 -> condition_3 -> condition_4 ->
  condition_5 -> condition_6 -> condition_7 -> claim.
End Bound.
Definition statement : Prop := forall N run best, @holds N run best.
End theorem_c.

(** theorem-c-noise. *)
Module theorem_c_noise.
Section Bound.
Context {N : Setting} (run : Run N).
Variable share : R.
Variable theta : R.
Variable young : R.
Definition U_s : R := sine_ratio s theta.
Definition U_s_less_1 : R := sine_ratio (s - 1) theta.
Definition r : R := sin (theta / 2).
Definition q : R := share * r ^ 2.
Definition h : R := L * eta 0.
Definition A_0 : R := U_s - U_s_less_1.
Definition A : R := 1 - share + share * A_0.
Definition b : R := (INR s - 1) * U_s_less_1 + INR s * U_s.
Definition beta : R := Rmax 1 (share * h * b + young).
Definition c : R := beta + (1 - share) * h * ((INR s - 1) ^ 2 + INR s ^ 2).
Definition n (k : nat) : R := served (fun j => 1) k.
Definition v : R := n 0 * h / 2 * (A + 2 * q * U_s_less_1 - c * h / 2) + h / 4 * A + h * q * (U_s_less_1 + U_s) *
  total (fun j => INR s - 1 - delay j).
Definition nu : R := Rmax 0 (- v).
Definition S_ : R := h * (A + q * (b - A_0) - c * h / 4).
Definition value : R := (L * Delta * (1 + 2 * nu) + INR T * h ^ 2 * sigma ^ 2 / 4 * (beta + 1 / young + (1 - share) *
  h * (2 * INR s - 1))) / (INR T * S_ + nu + 1 / 2).
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= Delta.
Definition condition_3 : Prop := 0 <= sigma.
Definition condition_4 : Prop := forall k, (k < T)%nat -> eta k = eta 0.
Definition condition_5 : Prop := forall k, (1 <= k < T)%nat -> delay k = Rmin (previous (fun j => delay j) k + 1) (INR
  s - 1).
Definition condition_6 : Prop := 0 <= theta.
Definition condition_7 : Prop := (2 * INR s - 1) * theta <= PI.
Definition condition_8 : Prop := 0 <= share.
Definition condition_9 : Prop := 0 <= 1 - share.
Definition condition_10 : Prop := 0 < young.
Definition condition_11 : Prop := 0 < S_.
Definition claim : Prop := exists t, (t <= T)%nat /\ mean_square run t <= value.
Definition holds : Prop :=
  smooth run -> bounded_below run -> unbiased run -> bounded_variance run -> condition_1 -> condition_2 -> condition_3
  -> condition_4 -> condition_5 -> condition_6 -> condition_7 -> condition_8 -> condition_9 -> condition_10 ->
  condition_11 -> claim.
End Bound.
Definition statement : Prop := forall N run share theta young, @holds N run share theta young.
End theorem_c_noise.

(** corollary-1. *)
Module corollary_1.
Section Bound.
Context {N : Setting} (run : Run N).
Definition H (k : nat) : R := window (fun j => eta j) k.
Definition o (k : nat) : R := where_overtaken 1 0 k.
Definition c (k : nat) : R := L * eta k + L ^ 2 * readers (fun j => eta j * H j * (1 + 2 * o j * L * H j)) k.
Definition v (k : nat) : R := eta k + served (fun j => eta j * (1 - c j)) k.
Definition value : R := sigma * sqrt (2 * L * Delta / INR T) + 2 * INR s * L * Delta / INR T.
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= sigma.
Definition condition_3 : Prop := 0 < Delta.
Definition condition_4 : Prop := forall k, (k < T)%nat -> delay k <= INR s - 1.
Definition condition_5 : Prop := forall k, (1 <= k < T)%nat -> 0 < sigma -> delay k <= previous (fun j => delay j) k +
  1.
Definition condition_6 : Prop := forall k, (k < T)%nat -> eta k = 1 / (INR s * L + sigma * sqrt (L * INR T / (2 *
  Delta))).
Definition claim : Prop := (exists t, (t <= T)%nat /\ mean_square run t <= value) /\ weighed_to_last (fun t => v t /
  2) (total (fun j => eta j * (1 - c j / 2)) + 1 / (2 * L)) value (mean_square run).
Definition holds : Prop :=
  smooth run -> bounded_below run -> unbiased run -> bounded_variance run -> condition_1 -> condition_2 -> condition_3
  -> condition_4 -> condition_5 -> condition_6 -> claim.
End Bound.
Definition statement : Prop := forall N run, @holds N run.
End corollary_1.

(** corollary-2. *)
Module corollary_2.
Section Bound.
Context {N : Setting} (run : Run N).
Definition H (k : nat) : R := window (fun j => eta j) k.
Definition o (k : nat) : R := where_overtaken 1 0 k.
Definition c (k : nat) : R := L * eta k + L ^ 2 * readers (fun j => eta j * H j * (1 + 2 * o j * L * H j)) k.
Definition v (k : nat) : R := eta k + served (fun j => eta j * (1 - c j)) k.
Definition value : R := sigma * sqrt (2 * L * Delta / INR T) + 4 * INR s * L * Delta / INR T.
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= sigma.
Definition condition_3 : Prop := 0 < Delta.
Definition condition_4 : Prop := forall k, (k < T)%nat -> delay k <= INR s - 1.
Definition condition_5 : Prop := forall k, (k < T)%nat -> eta k = 1 / (2 * INR s * L + sigma * sqrt (L * INR T / (2 *
  Delta))).
Definition claim : Prop := (exists t, (t <= T)%nat /\ mean_square run t <= value) /\ weighed_to_last (fun t => v t /
  2) (total (fun j => eta j * (1 - c j / 2)) + 1 / (2 * L)) value (mean_square run).
Definition holds : Prop :=
  smooth run -> bounded_below run -> unbiased run -> bounded_variance run -> condition_1 -> condition_2 -> condition_3
  -> condition_4 -> condition_5 -> claim.
End Bound.
Definition statement : Prop := forall N run, @holds N run.
End corollary_2.

(** theorem-r. *)
Module theorem_r.
Section Bound.
Context {N : Setting} (run : RandomRun.RandomRun N).
Variable Ed : R.
Variable Ed2 : R.
Variable young : R.
Definition eta_ : R := peak (fun j => eta j).
Definition nu : R := where_noisy 1 0.
Definition c (k : nat) : R := L * eta k + (1 + nu / young) * L ^ 2 * eta_ ^ 2 * Ed2.
Definition value : R := (Delta + L * sigma ^ 2 / 2 * total (fun j => eta j ^ 2) * (1 + (1 + young) * L * eta_ * Ed)) /
  (total (fun j => eta j * (1 - c j / 2)) + 1 / (2 * L)).
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= Delta.
Definition condition_3 : Prop := 0 <= sigma.
Definition condition_4 : Prop := 0 <= Ed.
Definition condition_5 : Prop := Ed <= Ed2.
Definition condition_6 : Prop := Ed ^ 2 <= Ed2.
Definition condition_7 : Prop := 0 < young.
Definition condition_8 : Prop := forall k, (k < T)%nat -> c k <= 1.
Definition claim : Prop := exists t, (t <= T)%nat /\ RandomRun.mean_square run t <= value.
Definition holds : Prop :=
  RandomRun.smooth run -> RandomRun.bounded_below run -> RandomRun.bounded_variance run -> RandomRun.unbiased run ->
  RandomRun.drawn_afresh run -> RandomRun.one_law run Ed Ed2 -> condition_1 -> condition_2 -> condition_3 ->
  condition_4 -> condition_5 -> condition_6 -> condition_7 -> condition_8 -> claim.
End Bound.
Definition statement : Prop := forall N run Ed Ed2 young, @holds N run Ed Ed2 young.
End theorem_r.

(** average-delay. *)
Module average_delay.
Section Bound.
Context {N : Setting} (run : Run N).
Definition d : R := total (fun j => delay j) / INR T.
Definition d_max : R := peak (fun j => delay j).
Definition eta_ : R := total (fun j => eta j) / INR T.
Definition nu : R := where_noisy 1 0.
Definition n (k : nat) : R := readers (fun j => 1) k.
Definition c (k : nat) : R := L * eta_ + (1 + nu) * L ^ 2 * eta_ ^ 2 * d_max * n k.
Definition value : R := (Delta + L * sigma ^ 2 / 2 * eta_ ^ 2 * INR T * (1 + 2 * L * eta_ * d)) / (eta_ * INR T * (1 -
  (L * eta_ + (1 + nu) * L ^ 2 * eta_ ^ 2 * d_max * d) / 2) + 1 / (2 * L)).
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= Delta.
Definition condition_3 : Prop := 0 <= sigma.
Definition condition_4 : Prop := forall k, (k < T)%nat -> eta k = eta_.
Definition condition_5 : Prop := forall k, (k < T)%nat -> c k <= 1.
Definition claim : Prop := (exists t, (t <= T)%nat /\ mean_square run t <= value) /\ weighed_to_last (fun t => (eta t
  + served (fun k => eta k * (1 - c k)) t) / 2) (eta_ * INR T * (1 - (L * eta_ + (1 + nu) * L ^ 2 * eta_ ^ 2 * d_max *
  d) / 2) + 1 / (2 * L)) value (mean_square run).
Definition holds : Prop :=
  smooth run -> bounded_below run -> unbiased run -> bounded_variance run -> condition_1 -> condition_2 -> condition_3
  -> condition_4 -> condition_5 -> claim.
End Bound.
Definition statement : Prop := forall N run, @holds N run.
End average_delay.

(** average-delay-adaptive. *)
Module average_delay_adaptive.
Section Bound.
Context {N : Setting} (run : Run N).
Definition n (k : nat) : R := readers (fun j => 1) k.
Definition q : R := peak (fun j => eta j * delay j).
Definition eta_ : R := peak (fun j => eta j).
Definition nu : R := where_noisy 1 0.
Definition c (k : nat) : R := L * eta k + (1 + nu) * L ^ 2 * eta_ * q * n k.
Definition value : R := (Delta + L * sigma ^ 2 / 2 * total (fun j => eta j ^ 2 * (1 + 2 * L * eta_ * n j))) / (total
  (fun j => eta j * (1 - c j / 2)) + 1 / (2 * L)).
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= Delta.
Definition condition_3 : Prop := 0 <= sigma.
Definition condition_4 : Prop := forall k, (k < T)%nat -> c k <= 1.
Definition claim : Prop := (exists t, (t <= T)%nat /\ mean_square run t <= value) /\ weighed_to_last (fun t => (eta t
  + served (fun k => eta k * (1 - c k)) t) / 2) (total (fun j => eta j * (1 - c j / 2)) + 1 / (2 * L)) value
  (mean_square run).
Definition holds : Prop :=
  smooth run -> bounded_below run -> unbiased run -> bounded_variance run -> condition_1 -> condition_2 -> condition_3
  -> condition_4 -> claim.
End Bound.
Definition statement : Prop := forall N run, @holds N run.
End average_delay_adaptive.

(** average-delay-drop. *)
Module average_delay_drop.
Section Bound.
Context {N : Setting} (run : Run N).
Variable cut : R.
Definition d : R := total (fun j => delay j) / INR T.
Definition eta_ : R := peak (fun j => eta j).
Definition nu : R := where_noisy 1 0.
Definition c (k : nat) : R := L * eta k + (1 + nu) * L ^ 2 * eta_ * readers (fun j => eta j * delay j) k.
Definition value : R := (2 * Delta + L * sigma ^ 2 * eta_ ^ 2 * INR T * (1 + 2 * L * eta_ * d)) / (eta_ * INR T * (1 -
  d / cut) + 1 / L).
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= Delta.
Definition condition_3 : Prop := 0 <= sigma.
Definition condition_4 : Prop := 0 < cut.
Definition condition_5 : Prop := forall k, (k < T)%nat -> 0 <= (eta_ - eta k) * (delay k - cut).
Definition condition_6 : Prop := forall k, (k < T)%nat -> c k <= 1.
Definition condition_7 : Prop := 0 < eta_ * INR T * (1 - d / cut) + 1 / L.
Definition claim : Prop := exists t, (t <= T)%nat /\ mean_square run t <= value.
Definition holds : Prop :=
  smooth run -> bounded_below run -> unbiased run -> bounded_variance run -> condition_1 -> condition_2 -> condition_3
  -> condition_4 -> condition_5 -> condition_6 -> condition_7 -> claim.
End Bound.
Definition statement : Prop := forall N run cut, @holds N run cut.
End average_delay_drop.

(** lian2015. *)
Module lian2015.
Section Bound.
Context {N : Setting} (run : Run N).
Definition a (k : nat) : R := L * eta k + 2 * L ^ 2 * (INR s - 1) * eta k * readers (fun j => eta j) k.
Definition value : R := (2 * Delta + L * sigma ^ 2 * total (fun j => eta j ^ 2) + 2 * L ^ 2 * sigma ^ 2 * total (fun j
  => eta j * window (fun i => eta i ^ 2) j)) / total (fun j => eta j).
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= Delta.
Definition condition_3 : Prop := 0 <= sigma.
Definition condition_4 : Prop := 0 < total (fun j => eta j).
Definition condition_5 : Prop := forall k, (k < T)%nat -> delay k <= INR s - 1.
Definition condition_6 : Prop := forall k, (k < T)%nat -> a k <= 1.
Definition claim : Prop := total (fun t => eta t * mean_square run t) / total (fun t => eta t) <= value.
Definition holds : Prop :=
  smooth run -> bounded_below run -> unbiased run -> bounded_variance run -> condition_1 -> condition_2 -> condition_3
  -> condition_4 -> condition_5 -> condition_6 -> claim.
End Bound.
Definition statement : Prop := forall N run, @holds N run.
End lian2015.

(** zhang2016. *)
Module zhang2016.
Section Bound.
Context {N : Setting} (run : Run N).
Definition p (k : nat) : R := 2 * L * sqrt (INR s) * (1 + delay k) * eta k.
Definition value : R := (2 * Delta + L * sigma ^ 2 * total (fun j => eta j ^ 2) + 2 * L ^ 2 * sigma ^ 2 * total (fun j
  => eta j * window (fun i => eta i ^ 2) j)) / total (fun j => eta j).
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= Delta.
Definition condition_3 : Prop := 0 <= sigma.
Definition condition_4 : Prop := 0 < total (fun j => eta j).
Definition condition_5 : Prop := forall k, (k < T)%nat -> delay k <= INR s - 1.
Definition condition_6 : Prop := forall k, (k < T)%nat -> p k <= 1.
Definition claim : Prop := total (fun t => eta t * mean_square run t) / total (fun t => eta t) <= value.
Definition holds : Prop :=
  smooth run -> bounded_below run -> unbiased run -> bounded_variance run -> condition_1 -> condition_2 -> condition_3
  -> condition_4 -> condition_5 -> condition_6 -> claim.
End Bound.
Definition statement : Prop := forall N run, @holds N run.
End zhang2016.

(** stich2020. *)
Module stich2020.
Section Bound.
Context {N : Setting} (run : Run N).
Definition value : R := (2 * Delta + 11 / 10 * L * sigma ^ 2 * total (fun j => eta j ^ 2)) / total (fun j => eta j).
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= Delta.
Definition condition_3 : Prop := 0 <= sigma.
Definition condition_4 : Prop := 0 < total (fun j => eta j).
Definition condition_5 : Prop := forall k, (k < T)%nat -> delay k <= INR s - 1.
Definition condition_6 : Prop := forall k, (1 <= k < T)%nat -> delay k <= previous (fun j => delay j) k + 1.
Definition condition_7 : Prop := forall k, (k < T)%nat -> eta k <= 1 / (10 * INR s * L).
Definition claim : Prop := total (fun t => eta t * mean_square run t) / total (fun t => eta t) <= value.
Definition holds : Prop :=
  smooth run -> bounded_below run -> unbiased run -> bounded_variance run -> condition_1 -> condition_2 -> condition_3
  -> condition_4 -> condition_5 -> condition_6 -> condition_7 -> claim.
End Bound.
Definition statement : Prop := forall N run, @holds N run.
End stich2020.

(** koloskova2022. *)
Module koloskova2022.
Section Bound.
Context {N : Setting} (run : Run N).
Definition n (k : nat) : R := readers (fun j => 1) k.
Definition a (k : nat) : R := 4 * L ^ 2 * (INR s - 1) * eta k ^ 2 * n k.
Definition value : R := (2 * Delta + 2 * L * sigma ^ 2 * total (fun j => eta j ^ 2)) / total (fun j => eta j).
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= Delta.
Definition condition_3 : Prop := 0 <= sigma.
Definition condition_4 : Prop := 0 < total (fun j => eta j).
Definition condition_5 : Prop := forall k, (k < T)%nat -> delay k <= INR s - 1.
Definition condition_6 : Prop := forall k, (1 <= k < T)%nat -> eta k = previous (fun j => eta j) k.
Definition condition_7 : Prop := forall k, (k < T)%nat -> eta k <= 1 / (2 * L).
Definition condition_8 : Prop := forall k, (k < T)%nat -> a k <= 1.
Definition claim : Prop := total (fun t => eta t * mean_square run t) / total (fun t => eta t) <= value.
Definition holds : Prop :=
  smooth run -> bounded_below run -> unbiased run -> bounded_variance run -> condition_1 -> condition_2 -> condition_3
  -> condition_4 -> condition_5 -> condition_6 -> condition_7 -> condition_8 -> claim.
End Bound.
Definition statement : Prop := forall N run, @holds N run.
End koloskova2022.

(** koloskova2022-adaptive. *)
Module koloskova2022_adaptive.
Section Bound.
Context {N : Setting} (run : Run N).
Definition n (k : nat) : R := readers (fun j => 1) k.
Definition a (k : nat) : R := 2 * L * eta k * Rmax (Rmax 1 (delay k)) (n k).
Definition value : R := (2 * Delta + L * sigma ^ 2 * total (fun j => eta j ^ 2) + 2 * L ^ 2 * sigma ^ 2 * total (fun j
  => eta j * window (fun i => eta i ^ 2) j)) / total (fun j => eta j).
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= Delta.
Definition condition_3 : Prop := 0 <= sigma.
Definition condition_4 : Prop := 0 < total (fun j => eta j).
Definition condition_5 : Prop := forall k, (k < T)%nat -> a k <= 1.
Definition claim : Prop := total (fun t => eta t * mean_square run t) / total (fun t => eta t) <= value.
Definition holds : Prop :=
  smooth run -> bounded_below run -> unbiased run -> bounded_variance run -> condition_1 -> condition_2 -> condition_3
  -> condition_4 -> condition_5 -> claim.
End Bound.
Definition statement : Prop := forall N run, @holds N run.
End koloskova2022_adaptive.

(** mishchenko2022. *)
Module mishchenko2022.
Section Bound.
Context {N : Setting} (run : Run N).
Definition n (k : nat) : R := readers (fun j => 1) k.
Definition w : R := 1 + peak (fun j => n j).
Definition a (k : nat) : R := 2 * L * eta k * Rmax w (delay k).
Definition value : R := (2 * Delta + 2 * L * sigma ^ 2 * total (fun j => eta j ^ 2)) / total (fun j => eta j).
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= Delta.
Definition condition_3 : Prop := 0 <= sigma.
Definition condition_4 : Prop := 0 < total (fun j => eta j).
Definition condition_5 : Prop := forall k, (k < T)%nat -> a k <= 1.
Definition claim : Prop := total (fun t => eta t * mean_square run t) / total (fun t => eta t) <= value.
Definition holds : Prop :=
  smooth run -> bounded_below run -> unbiased run -> bounded_variance run -> condition_1 -> condition_2 -> condition_3
  -> condition_4 -> condition_5 -> claim.
End Bound.
Definition statement : Prop := forall N run, @holds N run.
End mishchenko2022.

(** wu2022. *)
Module wu2022.
Section Bound.
Context {N : Setting} (run : Run N).
Definition H (k : nat) : R := window (fun j => eta j) k.
Definition value : R := 2 * Delta / total (fun j => eta j).
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= Delta.
Definition condition_3 : Prop := 0 <= sigma.
Definition condition_4 : Prop := 0 < total (fun j => eta j).
Definition condition_5 : Prop := sigma = 0.
Definition condition_6 : Prop := forall k, (k < T)%nat -> H k + eta k <= 1 / L.
Definition claim : Prop := total (fun t => eta t * mean_square run t) / total (fun t => eta t) <= value.
Definition holds : Prop :=
  smooth run -> bounded_below run -> no_noise run -> condition_1 -> condition_2 -> condition_3 -> condition_4 ->
  condition_5 -> condition_6 -> claim.
End Bound.
Definition statement : Prop := forall N run, @holds N run.
End wu2022.

(** maranjyan2025. *)
Module maranjyan2025.
Section Bound.
Context {N : Setting} (run : Run N).
Definition value : R := (2 * Delta + 2 * L * sigma ^ 2 * total (fun j => eta j ^ 2)) / total (fun j => eta j).
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= Delta.
Definition condition_3 : Prop := 0 <= sigma.
Definition condition_4 : Prop := 0 < total (fun j => eta j).
Definition condition_5 : Prop := forall k, (k < T)%nat -> delay k <= INR s - 1.
Definition condition_6 : Prop := forall k, (k < T)%nat -> eta k <= 1 / (2 * INR s * L).
Definition claim : Prop := total (fun t => eta t * mean_square run t) / total (fun t => eta t) <= value.
Definition holds : Prop :=
  smooth run -> bounded_below run -> unbiased run -> bounded_variance run -> condition_1 -> condition_2 -> condition_3
  -> condition_4 -> condition_5 -> condition_6 -> claim.
End Bound.
Definition statement : Prop := forall N run, @holds N run.
End maranjyan2025.

(** ghadimi2013. *)
Module ghadimi2013.
Section Bound.
Context {N : Setting} (run : Run N).
Definition value : R := (2 * Delta + L * sigma ^ 2 * total (fun j => eta j ^ 2)) / total (fun j => 2 * eta j - L * eta
  j ^ 2).
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= Delta.
Definition condition_3 : Prop := 0 <= sigma.
Definition condition_4 : Prop := forall k, (k < T)%nat -> delay k <= 0.
Definition condition_5 : Prop := 0 < total (fun j => 2 * eta j - L * eta j ^ 2).
Definition condition_6 : Prop := forall k, (k < T)%nat -> eta k <= 2 / L.
Definition claim : Prop := total (fun t => (2 * eta t - L * eta t ^ 2) * mean_square run t) / total (fun t => (2 * eta
  t - L * eta t ^ 2)) <= value.
Definition holds : Prop :=
  smooth run -> bounded_below run -> unbiased run -> bounded_variance run -> condition_1 -> condition_2 -> condition_3
  -> condition_4 -> condition_5 -> condition_6 -> claim.
End Bound.
Definition statement : Prop := forall N run, @holds N run.
End ghadimi2013.

(** bottou2018. *)
Module bottou2018.
Section Bound.
Context {N : Setting} (run : Run N).
Definition value : R := (2 * Delta + L * sigma ^ 2 * total (fun j => eta j ^ 2)) / total (fun j => eta j).
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= Delta.
Definition condition_3 : Prop := 0 <= sigma.
Definition condition_4 : Prop := forall k, (k < T)%nat -> delay k <= 0.
Definition condition_5 : Prop := 0 < total (fun j => eta j).
Definition condition_6 : Prop := forall k, (k < T)%nat -> eta k <= 1 / L.
Definition claim : Prop := total (fun t => eta t * mean_square run t) / total (fun t => eta t) <= value.
Definition holds : Prop :=
  smooth run -> bounded_below run -> unbiased run -> bounded_variance run -> condition_1 -> condition_2 -> condition_3
  -> condition_4 -> condition_5 -> condition_6 -> claim.
End Bound.
Definition statement : Prop := forall N run, @holds N run.
End bottou2018.

(** abbaszadehpeivasti2022. *)
Module abbaszadehpeivasti2022.
Section Bound.
Context {N : Setting} (run : Run N).
Definition b (k : nat) : R := Rmax (eta k) (L * eta k ^ 2).
Definition value : R := Delta / (total (fun j => eta j * (1 - L * b j / 4)) + 1 / (2 * L)).
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= Delta.
Definition condition_3 : Prop := 0 <= sigma.
Definition condition_4 : Prop := forall k, (k < T)%nat -> delay k <= 0.
Definition condition_5 : Prop := sigma = 0.
Definition condition_6 : Prop := forall k, (k < T)%nat -> L * b k <= 3.
Definition claim : Prop := exists t, (t <= T)%nat /\ mean_square run t <= value.
Definition holds : Prop :=
  smooth run -> bounded_below run -> no_noise run -> condition_1 -> condition_2 -> condition_3 -> condition_4 ->
  condition_5 -> condition_6 -> claim.
End Bound.
Definition statement : Prop := forall N run, @holds N run.
End abbaszadehpeivasti2022.

(** rotaru2024. *)
Module rotaru2024.
Section Bound.
Context {N : Setting} (run : Run N).
Definition h : R := L * eta 0.
Definition w : R := Rmax (h - 1) (1 / 2) ^ 2.
Definition u (k : nat) : R := 2 * w ^ S k / (1 + (w / (1 + h) ^ 2) ^ S k).
Definition p : R := h * (2 - Rmax h (h ^ 2) / 2).
Definition M : R := 1 / Rmax (w ^ T) (1 / (1 + p * total (fun j => 1 / Rmax 1 (u j)))).
Definition value : R := 2 * L * Delta / M.
Definition condition_1 : Prop := 0 < L.
Definition condition_2 : Prop := 0 <= Delta.
Definition condition_3 : Prop := 0 <= sigma.
Definition condition_4 : Prop := forall k, (k < T)%nat -> delay k <= 0.
Definition condition_5 : Prop := sigma = 0.
Definition condition_6 : Prop := forall k, (k < T)%nat -> eta k = eta 0.
Definition condition_7 : Prop := forall k, (k < T)%nat -> L * eta k <= 2.
Definition claim : Prop := exists t, (t <= T)%nat /\ mean_square run t <= value.
Definition holds : Prop :=
  smooth run -> bounded_below run -> no_noise run -> condition_1 -> condition_2 -> condition_3 -> condition_4 ->
  condition_5 -> condition_6 -> condition_7 -> claim.
End Bound.
Definition statement : Prop := forall N run, @holds N run.
End rotaru2024.

(** counter-momentum. *)
Module counter_momentum.
Section Bound.
Context {N : Setting} (run : MovingRun.Moving N).
Variable best : R.
Definition theta : R := best.
Definition W : R := sin (INR s * theta) * sin (theta / 2).
Definition phi : R := 1 / (2 * sin (theta / 2) ^ 2) - 1.
Definition barL : R := sin theta / sin ((INR s - 1 / 2) * theta) / eta 0.
Definition value : R := (barL * Delta + sigma ^ 2 * W * phi * total (fun j => (sin (Rmin (INR (S j)) (INR s) * theta)
  / sin (INR s * theta)) ^ 2)) / (W * INR T + 1 / 2).
Definition condition_1 : Prop := PI / (2 * INR s + 1) <= best <= 2 * PI / (2 * INR s + 1).
Definition condition_2 : Prop := 0 < L.
Definition condition_3 : Prop := 0 <= Delta.
Definition condition_4 : Prop := 0 <= sigma.
Definition condition_5 : Prop := where_noisy 2 1 <= INR s.
Definition condition_6 : Prop := forall k, (1 <= k < T)%nat -> delay k = Rmin (previous (fun j => delay j) k + 1) (INR
  s - 1).
Definition condition_7 : Prop := 0 < eta 0.
Definition condition_8 : Prop := L * eta 0 <= sin theta / sin ((INR s - 1 / 2) * theta).
Definition condition_9 : Prop := forall k, (k < T)%nat -> eta k = sin (Rmin (INR (S k)) (INR s) * theta) / sin theta *
  eta 0.
Definition condition_10 : Prop := forall k, (k < T)%nat -> MovingRun.moves run k = sin ((INR s - 1 / 2 - Rmin (INR (S
  k)) (INR s - 1 / 2)) * theta) / sin ((INR s - 1 / 2) * theta).
Definition claim : Prop := (exists t, (t <= T)%nat /\ MovingRun.mean_square run t <= value) /\ weighed_to_last (fun t
  => W - (1 - previous (fun k => 1) t) * (1 / 2 - sin ((INR s - 1 / 2) * theta / 2) ^ 2)) (W * INR T + 1 / 2) value
  (MovingRun.mean_square run).
Definition holds : Prop :=
  MovingRun.smooth run -> MovingRun.bounded_below run -> MovingRun.unbiased run -> MovingRun.bounded_variance run ->
  condition_1 -> condition_2 -> condition_3 -> condition_4 -> condition_5 -> condition_6 -> condition_7 -> condition_8
  -> condition_9 -> condition_10 -> claim.
End Bound.
Definition statement : Prop := forall N run best, @holds N run best.
End counter_momentum.

(** asp-regret. *)
Module asp_regret.
Section Bound.
Context {N : Setting} (run : CentresRun.Centres N).
Variable G : R.
Variable centres : R.
Variable radius : R.
Variable size : R.
Variable threshold : R.
Definition n (k : nat) : R := served (fun j => 1) k.
Definition H (k : nat) : R := window (fun j => eta j) k.
Definition value : R := (radius ^ 2 / 2 * peak (fun j => 1 / eta j) + G ^ 2 * total (fun j => eta j / 2 + H j) + G *
  (centres - 1) * threshold * size * total (fun j => eta j * n j)) / INR T.
Definition condition_1 : Prop := 0 <= G.
Definition condition_2 : Prop := 0 <= radius.
Definition condition_3 : Prop := 0 <= threshold.
Definition condition_4 : Prop := 0 <= size.
Definition condition_5 : Prop := 1 <= centres.
Definition condition_6 : Prop := forall k, (k < T)%nat -> 0 < eta k.
Definition condition_7 : Prop := forall k, (1 <= k < T)%nat -> eta k <= previous (fun j => eta j) k.
Definition claim : Prop := CentresRun.measured run <= value.
Definition holds : Prop :=
  CentresRun.convex_losses run G radius -> CentresRun.several_centres run centres threshold size -> condition_1 ->
  condition_2 -> condition_3 -> condition_4 -> condition_5 -> condition_6 -> condition_7 -> claim.
End Bound.
Definition statement : Prop := forall N run G centres radius size threshold, @holds N run G centres radius size
  threshold.
End asp_regret.

(** leave-one-out. *)
Module leave_one_out.
Section Bound.
Context {N : Setting} (run : LeftOutRun.LeftOut N).
Variable bend : R.
Variable highest : R.
Variable influence : R.
Variable lowest : R.
Definition alpha : R := Rmax (Rabs (1 - eta 0 * lowest)) (Rabs (1 - eta 0 * highest)).
Definition gamma : R := LeftOutRun.powers alpha (LeftOutRun.local run) 1.
Definition kappa : R := eta 0 * bend / 2 * LeftOutRun.powers alpha ((LeftOutRun.local run) - 1) (LeftOutRun.local
  run).
Definition value : R := kappa * influence ^ 2 * LeftOutRun.powers gamma 0 (T - 1).
Definition condition_1 : Prop := 0 <= bend.
Definition condition_2 : Prop := 0 <= influence.
Definition condition_3 : Prop := lowest <= highest.
Definition condition_4 : Prop := 1 <= INR (LeftOutRun.local run).
Definition condition_5 : Prop := INR (LeftOutRun.local run) = LeftOutRun.floor (INR (LeftOutRun.local run)).
Definition condition_6 : Prop := forall k, (k < T)%nat -> eta k = eta 0.
Definition condition_7 : Prop := forall k, (k < T)%nat -> delay k <= 0.
Definition claim : Prop := LeftOutRun.measured run <= value.
Definition holds : Prop :=
  LeftOutRun.curved run lowest highest bend -> LeftOutRun.federated run -> LeftOutRun.influence_at_most run influence
  -> condition_1 -> condition_2 -> condition_3 -> condition_4 -> condition_5 -> condition_6 -> condition_7 -> claim.
End Bound.
Definition statement : Prop := forall N run bend highest influence lowest, @holds N run bend highest influence lowest.
End leave_one_out.
