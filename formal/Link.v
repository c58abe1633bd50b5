(** The theorems written by hand imply what is generated from the bounds of the library (Statements.v). *)

From Coq Require Import Reals Lra Lia.
From Gradlag Require Import Sums Space Setting Run Sines Steps Statements.
From Gradlag Require TheoremAR TheoremB TheoremC Corollaries Dai2019 Means Published AverageDelay RandomRun TheoremR
  MovingRun CounterMomentum CentresRun AspRegret LeftOutRun LeaveOneOut Undelayed.
Open Scope R_scope.

(** What the generated claims say of the numbers E<g_i, g_j>. *)
Section Claims.
Context {N : Setting} (inner : nat -> nat -> R).
Definition least_is (value : R) : Prop := exists t, (t <= T)%nat /\ inner t t <= value.
Definition least_before_last_is (value : R) : Prop := exists t, (t < T)%nat /\ inner t t <= value.
Definition weighed (value : R) (w : nat -> R) (whole : R) : Prop :=
  least_is value /\ weighed_to_last w whole value (fun t => inner t t).
Definition weighed_before (value : R) (w : nat -> R) (whole : R) : Prop :=
  least_before_last_is value /\ weighed_before_last w whole value (fun t => inner t t).
Definition mean_is (w : nat -> R) (value : R) : Prop := total (fun t => w t * inner t t) / total w <= value.
Definition if_coherent (claim : Prop) : Prop := (forall k, (k < T)%nat -> mu * inner k k <= inner k (tau k)) -> claim.
End Claims.

(** {1 Theorem A, A^r and the corollaries} *)

Theorem theorem_ar_checked : theorem_ar.statement.
Proof.
  intros N run rho is_smooth is_below mean_zero bounded positive _ sign _ not_small weights whole.
  apply (with_noise N run (fun inner => weighed inner (theorem_ar.value rho) (theorem_ar.v rho)
    (TheoremAR.denominator (fun k => 1 + 2 * o k * L * H k) rho))); try assumption. intros trace.
  refine (TheoremAR.theorem_ar trace _ _ rho (factors_where_overtaken trace sign) _ not_small weights whole).
  intros k inside. pose proof (not_small k inside). lra.
Qed.

Theorem theorem_a_checked : theorem_a.statement.
Proof.
  intros N run is_smooth is_below mean_zero bounded positive _ sign _ weights.
  apply (with_noise N run (fun inner => weighed inner theorem_a.value (fun t => theorem_a.v t / 2)
    (TheoremAR.denominator_a (fun k => 1 + 2 * o k * L * H k)))); try assumption. intros trace.
  exact (TheoremAR.theorem_a trace _ _ (factors_where_overtaken trace sign) weights).
Qed.

(** That the reads are in order is asked for where there is noise. *)
Theorem corollary_1_checked : corollary_1.statement.
Proof.
  intros N run is_smooth is_below mean_zero bounded positive sign gap within order steps.
  apply (with_noise N run (fun inner => weighed inner corollary_1.value (fun t => corollary_1.v t / 2)
    (TheoremAR.denominator_a (fun k => 1 + 2 * o k * L * H k)))); try assumption. intros trace.
  assert (sigma = 0 \/ forall k, (k < T)%nat -> overtaken k = false) as quiet_or_ordered.
  { destruct (Rle_lt_or_eq_dec 0 sigma sign) as [noisy | still]; [right | left; auto].
    apply Published.in_order. intros k inside. exact (order k inside noisy). }
  pose proof (Corollaries.corollary_1 trace gap sign within steps quiet_or_ordered) as bound.
  unfold Corollaries.closed_form in bound. replace (2 * (INR s * L)) with (2 * INR s * L) in bound by ring. exact bound.
Qed.

Theorem corollary_2_checked : corollary_2.statement.
Proof.
  intros N run is_smooth is_below mean_zero bounded positive sign gap within steps.
  apply (with_noise N run (fun inner => weighed inner corollary_2.value (fun t => corollary_2.v t / 2)
    (TheoremAR.denominator_a (fun k => 1 + 2 * o k * L * H k)))); try assumption. intros trace.
  pose proof (Corollaries.corollary_2 trace gap sign within steps) as bound.
  unfold Corollaries.closed_form in bound. replace (2 * (2 * INR s * L)) with (4 * INR s * L) in bound by ring. exact bound.
Qed.

(** {1 Theorem B} *)

Theorem theorem_b_noise_checked : theorem_b_noise.statement.
Proof.
  intros N run share rho is_smooth is_below mean_zero bounded positive _ sign _ low high free weights.
  apply (with_noise N run (fun inner => weighed inner (theorem_b_noise.value share rho)
    (fun t => theorem_b_noise.v share rho t / 4) (TheoremB.denominator share (theorem_b_noise.b share rho))));
    try assumption. intros trace.
  apply (TheoremB.theorem_b trace share rho (theorem_b_noise.b share rho)).
  - exact sign.
  - intros k inside. pose proof (low k inside). pose proof (high k inside). lra.
  - intros k inside. pose proof (free k inside). lra.
  - intros k inside. left. exact (free k inside).
  - intros k inside. apply Rmax_l.
  - intros k inside. apply Rmax_r.
  - exact weights.
Qed.

(** w = 1 and rho = 0: without noise nothing is paid for it. *)
Theorem theorem_b_checked : theorem_b.statement.
Proof.
  intros N run is_smooth is_below quiet positive _ still _ weights. unfold theorem_b.condition_3 in still.
  apply (without_noise N run (fun inner => least_is inner theorem_b.value)); try assumption. intros trace.
  set (ones := fun _ : nat => 1). set (zeros := fun _ : nat => 0).
  assert (forall k, (k < T)%nat -> TheoremB.R_ ones k = theorem_b.R_ k) as same_R.
  { intros k _. unfold TheoremB.R_, theorem_b.R_, TheoremB.H_plus, theorem_b.H_plus, theorem_b.H, H, ones.
    change (fun j : nat => eta j) with eta. f_equal; [apply readers_ext; intros |]; ring. }
  assert (forall k, (k < T)%nat -> TheoremB.C ones k = 0) as no_C.
  { intros k _. unfold TheoremB.C, ones. rewrite (readers_ext _ (fun _ => 0 * 1)) by (intros; ring).
    rewrite readers_scale. ring. }
  destruct (TheoremB.theorem_b trace ones zeros theorem_b.b) as [[t [inside bound]] _].
  - lra.
  - intros. unfold ones. lra.
  - intros. unfold zeros. lra.
  - intros. right. exact still.
  - intros. apply Rmax_l.
  - intros k inside. rewrite same_R by exact inside. unfold zeros. rewrite Rmult_0_l, Rplus_0_r. apply Rmax_r.
  - intros t inside. unfold TheoremB.weight.
    rewrite (served_ext _ (fun k => eta k * (2 - L * theorem_b.b k))) by (intros; rewrite no_C by assumption; ring).
    exact (weights t inside).
  - exists t. split; [exact inside |]. apply Rle_trans with (1 := bound). apply Req_le. unfold theorem_b.value.
    f_equal; [rewrite still; unfold Rdiv; ring |]. f_equal. unfold TheoremB.denominator. f_equal.
    apply sum_ext. intros k inside_k. rewrite no_C by exact inside_k. field.
Qed.

(** {1 Theorem C} *)

Theorem theorem_c_noise_checked : theorem_c_noise.statement.
Proof.
  intros N run w theta rho is_smooth is_below mean_zero bounded positive _ sign one_step one_delay angle small low high
    free weight.
  apply (with_noise N run (fun inner => least_is inner (theorem_c_noise.value w theta rho))); try assumption.
  unfold theorem_c_noise.condition_9, theorem_c_noise.condition_10 in *.
  intros trace. refine (TheoremC.theorem_c trace theta w rho sign one_step one_delay angle small _ _ _ weight).
  - split; [exact low | lra].
  - lra.
  - left. exact free.
Qed.

(** w = 1 and rho = 0. *)
Theorem theorem_c_checked : theorem_c.statement.
Proof.
  intros N run theta is_smooth is_below quiet angle positive _ still one_step one_delay weight.
  unfold theorem_c.condition_1, theorem_c.condition_4 in *.
  apply (without_noise N run (fun inner => least_is inner (theorem_c.value theta))); try assumption. intros trace.
  assert (TheoremC.beta theta 1 0 = theorem_c.beta theta) as same_beta.
  { unfold TheoremC.beta, theorem_c.beta. f_equal. change (TheoremC.b theta) with (theorem_c.b theta).
    change TheoremC.h with theorem_c.h. ring. }
  assert (TheoremC.c theta 1 0 = theorem_c.beta theta) as same_c by (unfold TheoremC.c; rewrite same_beta; ring).
  assert (TheoremC.A theta 1 = theorem_c.A theta) as same_A
    by (unfold TheoremC.A; change (TheoremC.A_0 theta) with (theorem_c.A theta); ring).
  assert (TheoremC.S_ theta 1 0 = theorem_c.S_ theta) as same_S.
  { unfold TheoremC.S_, theorem_c.S_. rewrite same_A, same_c. change (TheoremC.A_0 theta) with (theorem_c.A theta).
    change (TheoremC.b theta) with (theorem_c.b theta). change TheoremC.h with theorem_c.h.
    change (TheoremC.r theta) with (theorem_c.r theta). ring. }
  assert (TheoremC.v theta 1 0 = theorem_c.v theta) as same_v.
  { unfold TheoremC.v, theorem_c.v. rewrite same_A, same_c. change (TheoremC.U_D theta) with (theorem_c.U_s_less_1 theta).
    change (TheoremC.U_s theta) with (theorem_c.U_s theta). change (TheoremC.r theta) with (theorem_c.r theta).
    change TheoremC.h with theorem_c.h. unfold theorem_c.n. ring. }
  destruct (TheoremC.theorem_c trace theta 1 0) as [t [inside bound]]; try (exact one_step || exact one_delay); try lra.
  - pose proof (le_INR 1 s some_staleness) as large. simpl in large.
    apply Rle_trans with ((2 * INR s - 1) * (PI / (2 * INR s - 1))); [apply Rmult_le_compat_l; lra |].
    apply Req_le. field. lra.
  - rewrite same_S. exact weight.
  - exists t. split; [exact inside |]. apply Rle_trans with (1 := bound). apply Req_le.
    unfold theorem_c.value, TheoremC.nu, theorem_c.nu, TheoremC.noise. rewrite same_S, same_v, still. f_equal.
    unfold Rdiv. ring.
Qed.

(** {1 The family of Theorem 1 of the staleness study} *)

Theorem dai2019_tight_checked : dai2019_tight.statement.
Proof.
  intros N run is_smooth is_below mean_zero bounded coherence positive _ _ _ _ _ weights some.
  refine (with_noise N run (fun inner => if_coherent inner (weighed_before inner dai2019_tight.value dai2019_tight.w
    (mu * total eta - L / 2 * total (fun k => eta k ^ 2))))
    positive is_smooth is_below mean_zero bounded _ coherence). intros trace aligned.
  exact (Dai2019.dai2019_tight trace aligned weights some).
Qed.

Theorem dai2019_sum_checked : dai2019_sum.statement.
Proof.
  intros N run is_smooth is_below mean_zero bounded coherence positive _ _ _ _ within falling weights some.
  refine (with_noise N run (fun inner => if_coherent inner (weighed_before inner dai2019_sum.value dai2019_sum.w
    (mu * total eta - INR s * L / 2 * total (fun k => eta k ^ 2))))
    positive is_smooth is_below mean_zero bounded _ coherence). intros trace aligned.
  exact (Dai2019.dai2019_sum trace aligned within falling weights some).
Qed.

Theorem dai2019_constant_checked : dai2019_constant.statement.
Proof.
  intros N run is_smooth is_below mean_zero bounded coherence positive _ _ mu_positive _ within falling small some.
  refine (with_noise N run (fun inner => if_coherent inner (weighed_before inner dai2019_constant.value (fun t => mu * eta t)
    (mu * total eta)))
    positive is_smooth is_below mean_zero bounded _ coherence). intros trace aligned.
  exact (Dai2019.dai2019_constant trace aligned within falling small mu_positive some).
Qed.

Theorem dai2019_checked : dai2019.statement.
Proof.
  intros N run is_smooth is_below mean_zero bounded coherence positive gap _ mu_positive _ within many steps.
  refine (with_noise N run (fun inner => if_coherent inner (weighed_before inner dai2019.value dai2019.w
    (mu * total eta - INR s * L / 2 * total (fun k => eta k ^ 2))))
    positive is_smooth is_below mean_zero bounded _ coherence). intros trace aligned.
  apply (Dai2019.dai2019 trace aligned within mu_positive gap steps).
  apply INR_le. unfold dai2019.condition_7 in many. simpl. lra.
Qed.

Theorem dai2019_strict_checked : dai2019_strict.statement.
Proof.
  intros N run is_smooth is_below mean_zero bounded coherence positive gap _ mu_positive _ within steps.
  refine (with_noise N run (fun inner => if_coherent inner (weighed_before inner dai2019_strict.value dai2019_strict.w
    (mu * total eta - INR s * L / 2 * total (fun k => eta k ^ 2))))
    positive is_smooth is_below mean_zero bounded _ coherence). intros trace aligned.
  exact (Dai2019.dai2019_strict trace aligned within mu_positive gap steps).
Qed.

(** {1 Published bounds on means} *)

Theorem lian2015_checked : lian2015.statement.
Proof.
  intros N run is_smooth is_below mean_zero bounded positive _ _ some within small.
  apply (with_noise N run (fun inner => mean_is inner eta lian2015.value)); try assumption. intros trace.
  apply Rle_trans with (1 := Means.lian2015 trace within small some).
  apply Req_le. unfold lian2015.value, Means.noise. f_equal. ring.
Qed.

Theorem ghadimi2013_checked : ghadimi2013.statement.
Proof.
  intros N run is_smooth is_below mean_zero bounded positive _ _ prompt some _.
  apply (with_noise N run (fun inner => mean_is inner (fun t => 2 * eta t - L * eta t ^ 2) ghadimi2013.value)); try assumption.
  intros trace. exact (Means.ghadimi2013 trace prompt some).
Qed.

Theorem zhang2016_checked : zhang2016.statement.
Proof.
  intros N run is_smooth is_below mean_zero bounded positive _ _ some within small.
  apply (with_noise N run (fun inner => mean_is inner eta zhang2016.value)); try assumption. intros trace.
  apply Rle_trans with (1 := Published.zhang2016 trace some within small).
  apply Req_le. unfold zhang2016.value, Means.noise. f_equal. ring.
Qed.

Theorem koloskova2022_adaptive_checked : koloskova2022_adaptive.statement.
Proof.
  intros N run is_smooth is_below mean_zero bounded positive _ _ some small.
  apply (with_noise N run (fun inner => mean_is inner eta koloskova2022_adaptive.value)); try assumption. intros trace.
  apply Rle_trans with (1 := Published.koloskova2022_adaptive trace some small).
  apply Req_le. unfold koloskova2022_adaptive.value, Means.noise. f_equal. ring.
Qed.

Theorem koloskova2022_checked : koloskova2022.statement.
Proof.
  intros N run is_smooth is_below mean_zero bounded positive _ _ some within constant cap root.
  apply (with_noise N run (fun inner => mean_is inner eta koloskova2022.value)); try assumption. intros trace.
  exact (Published.koloskova2022 trace some within constant cap root).
Qed.

Theorem mishchenko2022_checked : mishchenko2022.statement.
Proof.
  intros N run is_smooth is_below mean_zero bounded positive _ _ some small.
  apply (with_noise N run (fun inner => mean_is inner eta mishchenko2022.value)); try assumption. intros trace.
  exact (Published.mishchenko2022 trace some small).
Qed.

Theorem maranjyan2025_checked : maranjyan2025.statement.
Proof.
  intros N run is_smooth is_below mean_zero bounded positive _ _ some within small.
  apply (with_noise N run (fun inner => mean_is inner eta maranjyan2025.value)); try assumption. intros trace.
  exact (Published.maranjyan2025 trace some within small).
Qed.

Theorem stich2020_checked : stich2020.statement.
Proof.
  intros N run is_smooth is_below mean_zero bounded positive _ _ some within order small.
  apply (with_noise N run (fun inner => mean_is inner eta stich2020.value)); try assumption. intros trace.
  pose proof (Published.factors_of_one N trace (or_intror (Published.in_order N order))) as allowed.
  exact (Published.stich2020 trace allowed some within small).
Qed.

Theorem wu2022_checked : wu2022.statement.
Proof.
  intros N run is_smooth is_below quiet positive _ _ some still rule.
  apply (without_noise N run (fun inner => mean_is inner eta wu2022.value)); try assumption. intros trace.
  exact (Published.wu2022 trace (Published.factors_of_one N trace (or_introl still)) some still rule).
Qed.

Theorem bottou2018_checked : bottou2018.statement.
Proof.
  intros N run is_smooth is_below mean_zero bounded positive _ _ prompt some small.
  apply (with_noise N run (fun inner => mean_is inner eta bottou2018.value)); try assumption. intros trace.
  exact (Published.bottou2018 N trace prompt some small).
Qed.

(** Theorem B without delay: all windows are empty. *)
Theorem abbaszadehpeivasti2022_checked : abbaszadehpeivasti2022.statement.
Proof.
  intros N run is_smooth is_below quiet positive _ _ prompt still small.
  unfold abbaszadehpeivasti2022.condition_5 in still.
  apply (without_noise N run (fun inner => least_is inner abbaszadehpeivasti2022.value)); try assumption. intros trace.
  set (ones := fun _ : nat => 1). set (zeros := fun _ : nat => 0).
  pose proof (Means.reads_itself prompt) as itself.
  assert (forall a k, readers a k = 0) as no_readers.
  { intros a k. apply sum_zero. intros i inside. unfold in_window. rewrite (itself i inside), between_none. simpl. ring. }
  assert (forall a k, (k < T)%nat -> window a k = 0) as no_window.
  { intros a k inside. apply sum_zero. intros j _. unfold in_window. rewrite (itself k inside), between_none. simpl. ring. }
  assert (forall a t, (t < T)%nat -> served a t = a t) as own.
  { intros a t inside. rewrite <- (sum_pick T t a inside). apply sum_ext. intros k inside_k.
    rewrite (itself k inside_k). reflexivity. }
  assert (forall k, TheoremB.C ones k = 0) as no_C by (intros; unfold TheoremB.C, ones; rewrite no_readers; ring).
  destruct (TheoremB.theorem_b trace ones zeros abbaszadehpeivasti2022.b) as [[t [inside bound]] _].
  - lra.
  - intros. unfold ones. lra.
  - intros. unfold zeros. lra.
  - intros. right. exact still.
  - intros. apply Rmax_l.
  - intros k inside. apply Rle_trans with (2 := Rmax_r _ _). apply Req_le.
    unfold TheoremB.R_, TheoremB.H_plus, H, ones, zeros. rewrite no_readers, no_window by exact inside. ring.
  - intros t inside. unfold TheoremB.weight. rewrite own, no_C by exact inside. pose proof (small t inside) as less.
    pose proof (steps_nonneg t inside) as sign.
    assert (0 <= previous (fun k => eta k) t) as before by (destruct t; simpl; [lra | apply steps_nonneg; lia]).
    assert (0 <= eta t * (3 - L * abbaszadehpeivasti2022.b t)) by (apply Rmult_le_pos; lra). lra.
  - exists t. split; [exact inside |]. apply Rle_trans with (1 := bound). apply Req_le.
    unfold abbaszadehpeivasti2022.value, TheoremB.denominator. rewrite still.
    f_equal; [unfold Rdiv; ring |]. f_equal. apply sum_ext. intros k _. rewrite no_C. field.
Qed.

Theorem rotaru2024_checked : rotaru2024.statement.
Proof.
  intros N run is_smooth is_below quiet positive _ _ prompt still one_step short.
  apply (without_noise N run (fun inner => least_is inner rotaru2024.value)); try assumption. intros trace.
  pose proof some_step as some.
  pose proof (Undelayed.undelayed trace still one_step (Means.reads_itself prompt) (short 0%nat some)) as bound.
  unfold least_is, rotaru2024.value, rotaru2024.M, Rdiv at 1. unfold Rdiv at 1. rewrite Rmult_1_l, Rinv_inv. exact bound.
Qed.

(** {1 Average delays} *)

Theorem average_delay_checked : average_delay.statement.
Proof.
  intros N run is_smooth is_below mean_zero bounded positive _ sign constant small.
  apply (with_noise N run (fun inner => weighed inner average_delay.value (AverageDelay.weight' average_delay.c)
    (average_delay.eta_ * INR T * (1 - (L * average_delay.eta_ + (1 + average_delay.nu) * L ^ 2 * average_delay.eta_ ^ 2
      * average_delay.d_max * average_delay.d) / 2) + 1 / (2 * L)))); try assumption. intros trace.
  exact (AverageDelay.constant trace sign average_delay.eta_ constant small).
Qed.

Theorem average_delay_adaptive_checked : average_delay_adaptive.statement.
Proof.
  intros N run is_smooth is_below mean_zero bounded positive _ sign small.
  apply (with_noise N run (fun inner => weighed inner average_delay_adaptive.value
    (AverageDelay.weight' average_delay_adaptive.c) (AverageDelay.whole' average_delay_adaptive.c)));
    try assumption. intros trace.
  exact (AverageDelay.adaptive trace sign small).
Qed.

Theorem average_delay_drop_checked : average_delay_drop.statement.
Proof.
  intros N run r is_smooth is_below mean_zero bounded positive _ sign r_sign cut small kept.
  apply (with_noise N run (fun inner => least_is inner (average_delay_drop.value r))); try assumption. intros trace.
  exact (AverageDelay.drop trace sign r r_sign cut small kept).
Qed.

(** {1 Random delays} *)

Theorem theorem_r_checked : theorem_r.statement.
Proof.
  intros N run Ed Ed2 theta is_smooth is_below bounded mean_zero afresh law positive _ sign _ _ _ free small.
  refine (RandomRun.with_random_delays N run Ed Ed2
    (fun squares => exists t, (t <= T)%nat /\ squares t <= theorem_r.value Ed Ed2 theta)
    positive is_smooth is_below mean_zero bounded afresh law _).
  intros drawn. exact (TheoremR.theorem_r drawn theta free sign small).
Qed.

(** {1 Methods that take back moves} *)

Theorem counter_momentum_checked : counter_momentum.statement.
Proof.
  intros N run theta is_smooth is_below mean_zero bounded angle positive _ sign late one_delay some short soft back.
  refine (MovingRun.with_moves N run (fun back m => (forall k, (k < T)%nat -> back k = _) ->
    (exists t, (t <= T)%nat /\ m t <= counter_momentum.value theta) /\ weighed_to_last _ _ (counter_momentum.value theta) m)
    positive is_smooth is_below mean_zero bounded _ back).
  intros trace back_. pose proof (CounterMomentum.half_positive theta angle) as half.
  pose proof (CounterMomentum.whole_positive theta angle) as whole.
  assert (CounterMomentum.c theta / 2 = 1 / 2 - sin ((INR s - 1 / 2) * theta / 2) ^ 2) as early.
  { unfold CounterMomentum.c. replace ((INR s - 1 / 2) * theta) with (2 * ((INR s - 1 / 2) * theta / 2)) at 1 by field.
    rewrite cos_2a_sin. field. }
  assert (counter_momentum.value theta = CounterMomentum.value theta) as same.
  { unfold counter_momentum.value, CounterMomentum.value, total. f_equal. f_equal. f_equal.
    - unfold CounterMomentum.share, CounterMomentum.beta, CounterMomentum.W, counter_momentum.W, counter_momentum.phi,
        counter_momentum.theta. field. lra.
    - apply sum_ext. intros k _. f_equal. unfold CounterMomentum.rho, CounterMomentum.S_, counter_momentum.theta.
      destruct (Nat.ltb_spec k (s - 1)) as [start | later].
      + rewrite Rmin_left by (apply le_INR; lia). reflexivity.
      + rewrite Rmin_right by (apply le_INR; pose proof some_staleness; lia). field. lra. }
  assert (0 < sigma -> 2 <= INR s) as late'.
  { unfold counter_momentum.condition_5, where_noisy in late. destruct (Rlt_dec 0 sigma); lra. }
  rewrite same. unfold counter_momentum.theta. rewrite <- early.
  exact (CounterMomentum.counter_momentum trace theta sign late' (TheoremC.reads one_delay) angle soft back_ some short).
Qed.

(** {1 Several centres, and a client left out} *)

Theorem asp_regret_checked : asp_regret.statement.
Proof.
  intros N run G centres radius size threshold convex reads _ radius_sign _ _ _ positive falling.
  pose proof (AspRegret.asp_regret run G radius centres threshold size convex reads positive falling radius_sign).
  assert (0 < INR T) by (apply lt_0_INR; pose proof some_step; lia).
  unfold CentresRun.measured. apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat; assumption | assumption].
Qed.

Theorem leave_one_out_checked : leave_one_out.statement.
Proof.
  intros N run bend highest influence lowest hessians weighted close bend_sign _ _ _ _ one_step _.
  exact (LeaveOneOut.leave_one_out run lowest highest bend weighted hessians bend_sign one_step influence close).
Qed.
