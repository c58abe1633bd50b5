(** Runs that theorems are about: on the real line, with noise and without, they meet assumptions and side conditions.

    F(x) = x^2/2 from x_0 = 1, two steps of 1/3, both with the gradient of x_0; four outcomes, in which the noises are
    plus or minus `level`, independently. *)

From Coq Require Import Reals Lra Lia Arith.
From Gradlag Require RandomRun MovingRun CentresRun LeftOutRun.
From Gradlag Require Import Sums Space Probability Objective Setting Sines Run Statements.
Open Scope R_scope.

Definition numbers : Form.
Proof.
  refine {| vector := R : Type; zero := 0; add := Rplus; scale := Rmult; inner := Rmult |}; try (intros; ring).
  intros. apply Rle_0_sqr.
Defined.

Definition line : Space.
Proof. refine {| form := numbers |}; simpl; intros; ring. Defined.

Definition four : Probability.
Proof. refine {| outcomes := 4; chance := fun _ => 1 / 4 |}; [intros; lra | simpl; lra]. Defined.

Definition late (level : R) : Setting.
Proof.
  refine {|
    L := 1; Delta := 1; sigma := level; mu := 1 / 2; s := 2; T := 2;
    eta := fun _ => 1 / 3; tau := fun _ => 0%nat;
  |}; intros; (lia || lra).
Defined.

Definition sign (b : bool) : R := if b then 1 else -1.
Definition noise (level : R) (k w : nat) : R :=
  match k with 0%nat => level * sign (w <? 2)%nat | _ => level * sign (Nat.even w) end.
Definition point (level : R) (k w : nat) : R :=
  match k with
  | 0%nat => 1
  | 1%nat => 1 - 1 / 3 * (1 + noise level 0 w)
  | _ => 1 - 1 / 3 * (1 + noise level 0 w) - 1 / 3 * (1 + noise level 1 w)
  end.

Section Late.
Context (level : R) (small : 0 <= level <= 1).

Lemma gradient_of_half_square : is_gradient (X := line) (fun a : R => a * a / 2) (fun a : R => a).
Proof.
  intros a v t. simpl.
  replace ((a + t * v) * v) with (/ 2 * ((0 + 1 * v) * (a + t * v) + (a + t * v) * (0 + 1 * v))) by field.
  apply (derivable_pt_lim_ext (fun u => / 2 * ((a + u * v) * (a + u * v)))); [intros; field |].
  apply derivable_pt_lim_scal, (derivable_pt_lim_mult (fun u => a + u * v) (fun u => a + u * v));
    apply derivable_pt_lim_plus; try apply derivable_pt_lim_const;
    replace (1 * v) with (1 * v + t * 0) by ring; apply (derivable_pt_lim_mult id (fun _ => v));
    (apply derivable_pt_lim_id || apply derivable_pt_lim_const).
Qed.

Definition walk : Run (late level).
Proof.
  refine {|
    space := line; F := fun a : R => a * a / 2; grad := fun a : R => a; gradient := gradient_of_half_square;
    probability := four; x := point level; e := noise level;
  |}.
  intros [| [| k]] w inside; simpl in *; [unfold sub; simpl; ring | unfold sub; simpl; ring | lia].
Defined.

Lemma walk_smooth : smooth walk.
Proof. intros a b. simpl L. rewrite Rmult_1_l. apply Rle_refl. Qed.

Lemma walk_bounded_below : bounded_below walk.
Proof. intros a. simpl. rewrite E_const. pose proof (Rle_0_sqr a) as square. unfold Rsqr in square. lra. Qed.

Lemma walk_unbiased : unbiased walk.
Proof.
  intros k h inside known_before. simpl in inside.
  assert (forall w w', (forall j, (j <= k)%nat -> point level j w = point level j w') ->
    (forall j, (j < k)%nat -> noise level j w = noise level j w') -> h w = h w') as same by exact known_before.
  destruct k as [| [| k]]; [| | lia].
  - assert (forall w, h w = h 0%nat) as constant.
    { intros w. apply same; [intros j none; replace j with 0%nat by lia; reflexivity | intros; lia]. }
    unfold E. simpl. rewrite (constant 1%nat), (constant 2%nat), (constant 3%nat). unfold sign. simpl. ring.
  - assert (h 1%nat = h 0%nat) as first.
    { apply same; [intros [| [| j]] less | intros [| j] less]; try lia; reflexivity. }
    assert (h 3%nat = h 2%nat) as second.
    { apply same; [intros [| [| j]] less | intros [| j] less]; try lia; reflexivity. }
    unfold E. simpl. rewrite first, second. unfold sign. simpl. ring.
Qed.

Lemma walk_bounded_variance : bounded_variance walk.
Proof. intros [| [| k]] inside; unfold E, square; simpl in *; unfold sign; (lra || lia). Qed.

Lemma walk_coherent : coherent walk.
Proof.
  assert (level * level <= 1) by (rewrite <- (Rmult_1_l 1); apply Rmult_le_compat; lra).
  intros [| [| k]] inside; unfold mean_square, mean_inner, E; simpl in *; unfold sign; (lra || lia).
Qed.

(** At every step k = 0, 1, by computing. *)
Ltac at_each_step := let k := fresh "k" in intros k inside; simpl in inside; destruct k as [| [| k]]; [| | lia].

Lemma late_within : delays_within (N := late level).
Proof. at_each_step; unfold delay; simpl; lra. Qed.

Lemma late_in_order : forall late_value ordered k, where_overtaken (N := late level) late_value ordered k = ordered.
Proof.
  intros late_value ordered [| k]; unfold where_overtaken; destruct (Rlt_dec _ _); try reflexivity.
  unfold overtaken. simpl. rewrite !Bool.andb_false_r. reflexivity.
Qed.

(** Theorem A and with it the rest of its family. *)
Lemma theorem_a_is_not_empty : theorem_a.condition_5 (N := late level).
Proof.
  unfold theorem_a.condition_5, theorem_a.v, theorem_a.c, theorem_a.o, theorem_a.H.
  at_each_step; unfold readers, served, window; simpl; rewrite ?late_in_order; lra.
Qed.

Lemma lian2015_is_not_empty : lian2015.condition_6 (N := late level).
Proof. unfold lian2015.condition_6, lian2015.a. at_each_step; unfold readers; simpl; lra. Qed.

Lemma dai2019_tight_is_not_empty : dai2019_tight.condition_7 (N := late level) /\ dai2019_tight.condition_8 (N := late level).
Proof.
  unfold dai2019_tight.condition_7, dai2019_tight.condition_8, dai2019_tight.w. split.
  - at_each_step; unfold served; simpl; lra.
  - unfold total. simpl. lra.
Qed.

Lemma theorem_b_is_not_empty : theorem_b.condition_5 (N := late level).
Proof.
  unfold theorem_b.condition_5, theorem_b.v, theorem_b.b, theorem_b.R_, theorem_b.H_plus, theorem_b.H.
  at_each_step; unfold readers, served, window; simpl; unfold Rmax; repeat destruct (Rle_dec _ _); lra.
Qed.

(** Theorem C at the angle 0. *)
Lemma theorem_c_is_not_empty :
  theorem_c.condition_5 (N := late level) /\ theorem_c.condition_6 (N := late level) /\ theorem_c.condition_7 (N := late level) 0.
Proof.
  split; [| split].
  - at_each_step; reflexivity.
  - intros k [first inside]. simpl in inside. replace k with 1%nat by lia. unfold delay. simpl. rewrite Rmin_left; lra.
  - unfold theorem_c.condition_7, theorem_c.S_, theorem_c.beta, theorem_c.A, theorem_c.b, theorem_c.h, theorem_c.r,
      theorem_c.U_s, theorem_c.U_s_less_1, theorem_c.theta.
    replace (0 / 2) with 0 by field. rewrite !sine_ratio_at_zero, sin_0. simpl. unfold Rmax. destruct (Rle_dec _ _); lra.
Qed.

End Late.

(** What this says together: with noise of variance 1 there is a run that meets all assumptions, and side conditions. *)
Theorem a_noisy_run : exists (N : Setting) (run : Run N), smooth run /\ bounded_below run /\ unbiased run
  /\ bounded_variance run /\ coherent run /\ 0 < sigma /\ delays_within /\ theorem_a.condition_5
  /\ lian2015.condition_6 /\ dai2019_tight.condition_7.
Proof.
  assert (0 <= 1 <= 1) as small by lra. exists (late 1), (walk 1).
  split; [apply walk_smooth |]. split; [apply walk_bounded_below |]. split; [apply walk_unbiased |].
  split; [exact (walk_bounded_variance 1) |]. split; [exact (walk_coherent 1 small) |]. split; [simpl; lra |].
  split; [apply late_within |]. split; [apply theorem_a_is_not_empty |]. split; [apply lian2015_is_not_empty |].
  apply dai2019_tight_is_not_empty.
Qed.

(** And one without noise. *)
Theorem a_quiet_run : exists (N : Setting) (run : Run N), smooth run /\ bounded_below run /\ no_noise run
  /\ delays_within /\ theorem_b.condition_5 /\ theorem_c.condition_5 /\ theorem_c.condition_6 /\ theorem_c.condition_7 0.
Proof.
  exists (late 0), (walk 0).
  split; [apply walk_smooth |]. split; [apply walk_bounded_below |]. split; [intros [| k] w _; simpl; ring |].
  split; [apply late_within |]. split; [apply theorem_b_is_not_empty |]. apply theorem_c_is_not_empty.
Qed.

(** A run with random delays: each of two steps reads x_0, or where it stands, with chance 1/2; no noise. *)
Section Random.

Definition two_steps : Setting := late 0.

Definition drawn_delay (k w : nat) : nat :=
  match k with 0%nat => if (w <? 2)%nat then 1%nat else 0%nat | _ => if Nat.even w then 1%nat else 0%nat end.

Definition drawn_point (k w : nat) : R :=
  match k with
  | 0%nat => 1
  | 1%nat => 2 / 3
  | _ => 2 / 3 - 1 / 3 * (if Nat.even w then 1 else 2 / 3)
  end.

Definition random_walk : RandomRun.RandomRun two_steps.
Proof.
  refine {|
    RandomRun.space := line; RandomRun.F := fun a : R => a * a / 2; RandomRun.grad := fun a : R => a;
    RandomRun.gradient := gradient_of_half_square; RandomRun.probability := four;
    RandomRun.x := drawn_point; RandomRun.e := fun _ _ => 0; RandomRun.d := drawn_delay;
  |}.
  intros [| [| k]] w inside; simpl in *; [| | lia]; unfold sub; simpl.
  - destruct (w <? 2)%nat; simpl; field.
  - destruct (Nat.even w); simpl; field.
Defined.

Lemma random_walk_drawn_afresh : RandomRun.drawn_afresh random_walk.
Proof.
  intros k phi h inside known. simpl in inside.
  assert (forall w w', RandomRun.agree random_walk k k w w' -> h w = h w') as same by exact known. clear known.
  assert (forall j w w', (j <= 1)%nat -> drawn_point j w = drawn_point j w') as still
    by (intros [| [| j]] w w' less; reflexivity || lia).
  destruct k as [| [| k]]; [| | lia].
  - assert (forall w, h w = h 0%nat) as constant.
    { intros w. apply same. split; [| split]; intros j less; try lia; [apply still; lia]. }
    unfold E. simpl. rewrite (constant 1%nat), (constant 2%nat), (constant 3%nat). field.
  - assert (h 1%nat = h 0%nat) as first.
    { apply same. split; [| split]; intros j less; [apply still; lia | reflexivity | destruct j; [reflexivity | lia]]. }
    assert (h 3%nat = h 2%nat) as second.
    { apply same. split; [| split]; intros j less; [apply still; lia | reflexivity | destruct j; [reflexivity | lia]]. }
    unfold E. simpl. rewrite first, second. field.
Qed.

Theorem a_run_with_random_delays : exists (N : Setting) (run : RandomRun.RandomRun N),
  RandomRun.smooth run /\ RandomRun.bounded_below run /\ RandomRun.unbiased run /\ RandomRun.bounded_variance run
  /\ RandomRun.drawn_afresh run /\ RandomRun.one_law run (1 / 2) (1 / 2) /\ theorem_r.condition_8 (1 / 2) 1.
Proof.
  exists two_steps, random_walk. split; [| split; [| split; [| split; [| split; [| split]]]]].
  - intros a b. simpl L. rewrite Rmult_1_l. apply Rle_refl.
  - intros a. simpl. rewrite E_const. pose proof (Rle_0_sqr a) as square. unfold Rsqr in square. lra.
  - intros k h _ _. rewrite <- (E_const four 0). apply E_ext. intros. apply Rmult_0_l.
  - intros k _. unfold E, square. simpl. lra.
  - exact random_walk_drawn_afresh.
  - split; [| split].
    + intros [| [| k]] phi inside; simpl in inside; [| | lia]; unfold E; simpl; field.
    + unfold E. simpl. field.
    + unfold E. simpl. field.
  - unfold theorem_r.condition_8, theorem_r.c, theorem_r.nu, theorem_r.eta_, where_noisy, peak.
    intros k _. simpl. destruct (Rlt_dec 0 0); [lra |]. unfold Rmax. repeat destruct (Rle_dec _ _); lra.
Qed.

End Random.

(** {1 One centre on losses f_k(y) = y, which sees nothing: asp-regret is attained} *)

Definition unseen : Setting.
Proof.
  refine {| L := 1; Delta := 1; sigma := 0; mu := 1; s := 2; T := 2; eta := fun _ => 1 / 2; tau := fun _ => 0%nat |};
    intros; (lia || lra).
Defined.

Definition downhill : CentresRun.Centres unseen.
Proof.
  refine {|
    CentresRun.space := line; CentresRun.loss := fun _ (y : R) => y; CentresRun.x := fun k => 1 - INR k / 2;
    CentresRun.z := fun _ => 1; CentresRun.a := fun _ => 1; CentresRun.star := 0;
  |}.
  intros k _. rewrite S_INR. unfold sub. simpl. field.
Defined.

Lemma norm_on_line : forall a : line, norm a = Rabs a.
Proof. intros a. unfold norm, square. simpl. apply sqrt_Rsqr_abs. Qed.

Lemma downhill_convex : CentresRun.convex_losses downhill 1 1.
Proof.
  intros k inside. simpl in inside. rewrite !norm_on_line. repeat split.
  - intros y. unfold sub. simpl. lra.
  - simpl. rewrite Rabs_R1. lra.
  - destruct k as [| [| k]]; [| | lia]; unfold sub; simpl; rewrite Rabs_pos_eq; lra.
Qed.

Lemma downhill_alone : CentresRun.several_centres downhill 1 0 0.
Proof.
  exists 0%nat, (fun _ _ => 1), (fun _ _ => 0). split; [simpl; lra |].
  intros k inside. simpl in inside. repeat split.
  - destruct k as [| [| k]]; [| | lia]; unfold in_window, between; simpl; lra.
  - intros. apply Rle_refl.
  - intros c none. lia.
Qed.

Lemma asp_regret_is_attained : CentresRun.measured downhill = asp_regret.value (N := unseen) 1 1 1 0 0.
Proof.
  unfold CentresRun.measured, CentresRun.regret, asp_regret.value, asp_regret.H, asp_regret.n, total, peak, largest,
    window, served, in_window, between, ind. simpl. replace (1 / (1 / 2)) with 2 by field.
  rewrite !(Rmax_right _ 2) by (try apply Rmax_lub; lra). field.
Qed.

Lemma asp_regret_is_not_empty :
  asp_regret.condition_6 (N := unseen) /\ asp_regret.condition_7 (N := unseen).
Proof.
  split; intros k inside; simpl in *; [lra |]. destruct k as [| [| k]]; [lia | simpl; lra | lia].
Qed.

(** {1 Rounds of one client of the loss w^2/2, beside one that takes every model to 0 and is left out} *)

Definition rounds : Setting.
Proof.
  refine {| L := 1; Delta := 1; sigma := 0; mu := 1; s := 1; T := 2; eta := fun _ => 1 / 2; tau := fun k => k |};
    intros; (lia || lra).
Defined.

Definition without : LeftOutRun.LeftOut rounds.
Proof.
  refine {|
    LeftOutRun.space := line; LeftOutRun.clients := 1; LeftOutRun.share := fun _ _ => 1; LeftOutRun.local := 1;
    LeftOutRun.grad := fun _ (w : R) => w; LeftOutRun.hess := fun _ _ (v : R) => v;
    LeftOutRun.w := fun t => match t with O => 1 | _ => 0 end; LeftOutRun.w' := fun t => (1 / 2) ^ t;
    LeftOutRun.estimate := fun t => match t with O => 0 | S t => (1 / 2) ^ S t end;
  |}; try reflexivity.
  - intros t _. unfold sub. simpl. field.
  - intros [| t] _; unfold sub; simpl; field.
Defined.

Lemma without_is_not_empty : LeftOutRun.federated without /\ LeftOutRun.curved without 1 1 0 /\
  LeftOutRun.influence_at_most without (1 / 2) /\ LeftOutRun.measured without = 0.
Proof.
  split; [| split; [| split]].
  - intros t _. split; [intros; simpl; lra | simpl; lra].
  - intros k _. split; [| split; [| split]].
    + intros u v q r. simpl. replace (v * q) with ((0 + 1 * v) * q + (u + r * v) * 0) by ring.
      apply (derivable_pt_lim_mult (fun r => u + r * v) (fun _ => q)); [| apply derivable_pt_lim_const].
      apply derivable_pt_lim_plus; [apply derivable_pt_lim_const |].
      replace (1 * v) with (1 * v + r * 0) by ring. apply (derivable_pt_lim_mult id (fun _ => v));
        (apply derivable_pt_lim_id || apply derivable_pt_lim_const).
    + intros. simpl. ring.
    + intros. unfold square. simpl. lra.
    + intros. rewrite !norm_on_line. unfold sub. simpl. replace (v + -1 * v) with 0 by ring. rewrite Rabs_R0. lra.
  - intros [| [| t]] inside; simpl in inside; [| | lia]; rewrite norm_on_line; unfold sub; simpl; rewrite Rabs_pos_eq; lra.
  - unfold LeftOutRun.measured. rewrite norm_on_line. unfold sub. simpl.
    replace (_ + _) with 0 by field. apply Rabs_R0.
Qed.

(** {1 Moves taken back} *)

(** Counter-momentum at s = 2 and theta = pi/3, where every step is sqrt 3/2 and half of the move before is taken back;
    the noises are plus or minus 1. *)
Definition turning : Setting.
Proof.
  refine {|
    L := 1; Delta := 1; sigma := 1; mu := 1; s := 2; T := 2; eta := fun _ => sqrt 3 / 2; tau := fun _ => 0%nat;
  |}; intros; try lia.
  pose proof (sqrt_pos 3). lra.
Defined.

Definition turned (k w : nat) : R :=
  let first := 1 - sqrt 3 / 2 * (1 + noise 1 0 w) in
  match k with 0%nat => 1 | 1%nat => first | _ => first - sqrt 3 / 2 * (1 + noise 1 1 w) - 1 / 2 * (first - 1) end.

Definition turn : MovingRun.Moving turning.
Proof.
  refine {|
    MovingRun.space := line; MovingRun.F := fun a : R => a * a / 2; MovingRun.grad := fun a : R => a;
    MovingRun.gradient := gradient_of_half_square; MovingRun.probability := four;
    MovingRun.moves := fun j => match j with 0%nat => 1 / 2 | _ => 0 end;
    MovingRun.x := turned; MovingRun.e := noise 1;
  |}.
  intros [| [| k]] w inside; simpl in *; [| | lia]; unfold sub; simpl; unfold turned; ring.
Defined.

Lemma turn_unbiased : MovingRun.unbiased turn.
Proof.
  intros k h inside known_before. simpl in inside.
  assert (forall w w', (forall j, (j <= k)%nat -> turned j w = turned j w') ->
    (forall j, (j < k)%nat -> noise 1 j w = noise 1 j w') -> h w = h w') as same by exact known_before.
  destruct k as [| [| k]]; [| | lia].
  - assert (forall w, h w = h 0%nat) as constant.
    { intros w. apply same; [intros j none; replace j with 0%nat by lia; reflexivity | intros; lia]. }
    unfold E. simpl. rewrite (constant 1%nat), (constant 2%nat), (constant 3%nat). unfold sign. simpl. ring.
  - assert (h 1%nat = h 0%nat) as first.
    { apply same; [intros [| [| j]] less | intros [| j] less]; try lia; reflexivity. }
    assert (h 3%nat = h 2%nat) as second.
    { apply same; [intros [| [| j]] less | intros [| j] less]; try lia; reflexivity. }
    unfold E. simpl. rewrite first, second. unfold sign. simpl. ring.
Qed.

Theorem counter_momentum_is_not_empty :
  MovingRun.smooth turn /\ MovingRun.bounded_below turn /\ MovingRun.unbiased turn /\ MovingRun.bounded_variance turn /\
  counter_momentum.condition_1 (N := turning) (PI / 3) /\ counter_momentum.condition_5 (N := turning) /\
  counter_momentum.condition_6 (N := turning) /\ counter_momentum.condition_7 (N := turning) /\
  counter_momentum.condition_8 (N := turning) (PI / 3) /\ counter_momentum.condition_9 (N := turning) (PI / 3) /\
  counter_momentum.condition_10 turn (PI / 3).
Proof.
  pose proof PI_RGT_0 as pi. pose proof (sqrt_lt_R0 3 ltac:(lra)) as root.
  assert (sin (3 / 2 * (PI / 3)) = 1) as half by (replace (3 / 2 * (PI / 3)) with (PI / 2) by field; apply sin_PI2).
  assert (sin (2 * (PI / 3)) = sqrt 3 / 2) as twice
    by (replace (2 * (PI / 3)) with (PI - PI / 3) by field; rewrite sin_PI_x; apply sin_PI3).
  repeat split.
  - intros a b. simpl L. rewrite Rmult_1_l. apply Rle_refl.
  - intros a. simpl. rewrite E_const. pose proof (Rle_0_sqr a) as square. unfold Rsqr in square. lra.
  - exact turn_unbiased.
  - intros [| [| k]] inside; unfold E, square; simpl in *; unfold sign; (lra || lia).
  - simpl. lra.
  - simpl. lra.
  - unfold counter_momentum.condition_5, where_noisy. simpl. destruct (Rlt_dec 0 1); lra.
  - intros k [first inside]. simpl in inside. replace k with 1%nat by lia. unfold delay. simpl. rewrite Rmin_left; lra.
  - unfold counter_momentum.condition_7. simpl. lra.
  - unfold counter_momentum.condition_8, counter_momentum.theta. simpl. replace (1 + 1 - 1 / 2) with (3 / 2) by field.
    rewrite half, sin_PI3. lra.
  - unfold counter_momentum.condition_9, counter_momentum.theta. intros [| [| k]] inside; simpl in *; [| | lia].
    + rewrite Rmin_left by lra. rewrite Rmult_1_l. field. rewrite sin_PI3. lra.
    + rewrite Rmin_left by lra. replace (1 + 1) with 2 by ring. rewrite twice, sin_PI3. field. lra.
  - unfold counter_momentum.condition_10, counter_momentum.theta. intros [| [| k]] inside; simpl in *; [| | lia].
    + rewrite Rmin_left by lra. replace (1 + 1 - 1 / 2) with (3 / 2) by field. rewrite half.
      replace ((3 / 2 - 1) * (PI / 3)) with (PI / 6) by field. rewrite sin_PI6. field.
    + rewrite Rmin_right by lra. replace ((1 + 1 - 1 / 2 - (1 + 1 - 1 / 2)) * (PI / 3)) with 0 by ring.
      rewrite sin_0. unfold Rdiv. ring.
Qed.
