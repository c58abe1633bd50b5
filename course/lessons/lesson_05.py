import marimo

app = marimo.App(width="medium", app_title="5. Coherence broken")


@app.cell
def _():
    import gradlag as gl

    lesson = gl.teaching.lesson(5)
    lesson.opening()
    return gl, lesson


@app.cell
def _(gl, lesson):
    gl.teaching.text(
        r"""
        ## One number for each step

        The proof of lesson 4 spent its strong assumption in one place. The library words it so:

        > <<assumption>>

        On a run one can measure it. Write $g_k = \nabla F(x_k)$. With staleness $s$ the gradient that step $k$ uses is
        one of the last $s$: $g_k$ itself, or $g_{k-1}$, and so on to $g_{k-s+1}$. The **coherence** at step $k$ is

        $$\mu_k = \min_{t} \frac{\langle g_k, g_t \rangle}{|g_k|^2}, \qquad k - s + 1 \le t \le k .$$

        - $t = k$ gives 1, so $\mu_k$ is never above 1; without staleness it is 1, and nothing is assumed.
        - $\mu_k$ between 0 and 1: an older gradient points roughly the right way, and is shorter along $g_k$ than $g_k$
          itself. So it is where slopes get steeper along the run.
        - $\mu_k$ below 0: some gradient in the window points **uphill** as seen from $x_k$. A step along it makes $F$
          larger, however small the step is.

        Theorem 1 assumes one $\mu > 0$ that lies below all $\mu_k$. Where does one get it?

        ## On a parabola

        For $F(x) = \frac12 x^2$ the gradient is $x$, so that $\mu_k$ is the smallest of the ratios $x_t / x_k$. It is
        negative exactly if the run has crossed the minimum within the window.
        """,
        assumption=lesson.facts["assumption"],
    )
    return


@app.cell
def _(lesson):
    onset_guess = lesson.predictions["onset"].form()
    onset_guess
    return (onset_guess,)


@app.cell
def _(lesson, onset_guess):
    lesson.predictions["onset"].shown(onset_guess.value)
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        Why there? Lesson 1 had the roots of $z^{D+1} = z^D - a$ with $D = s - 1$. Positive real roots solve
        $z^D (1 - z) = a$, whose left side is largest at $z = \frac{D}{D+1}$. So

        $$\text{nothing overshoots} \iff a \le \frac{D^D}{(D+1)^{D+1}} .$$

        If $a$ is larger there is no positive real root, and every run turns for ever. If $a$ is smaller, let $r$ be the
        larger one. As long as each step has left at least the share $r$, $x_{t-D} \le x_t / r^D$, so that the next one
        leaves $x_{t+1} \ge (1 - a / r^D)\, x_t = r\, x_t$: at least the share $r$ again.

        For large $D$ the right side is near $\frac{1}{e\,(D+1)}$: **coherence also allows steps like one over the
        staleness**, four times smaller than stability does. Beyond it every run crosses the axis again and again, and
        each time $\mu_k$ is negative.

        Now raise the step, and then the staleness. What does the run do at the first hollow point? And how often is the
        assumption broken on a run that is stable, and goes to the minimum?
        """)
    return


@app.cell
def _(lesson):
    parabola = lesson.pictures["parabola"].controls()
    parabola
    return (parabola,)


@app.cell
def _(lesson, parabola):
    lesson.pictures["parabola"].at(parabola.value)
    return


@app.cell
def _(gl, lesson):
    gl.teaching.text(
        r"""
        ## What the theorem says then

        Look at the two halves of the theorem. Its **formula**,

        $$<<value>> ,$$

        needs a number for $\mu$, and steps with <<conditions>>. Its **assumption** is about the run. Nobody stops you
        from putting $\mu = \frac12$ into the formula on a run with $\mu_k = -5$. A number comes out. It is not a bound:
        the theorem says *if coherence holds, then*, and about other runs it says nothing, neither good nor bad.

        Three different things are easily confused:

        - *the bound refuses*: the steps are too large for the formula;
        - *the assumption is broken*: the formula has a value, and the theorem does not apply;
        - *the claim is false*: a run in which the assumptions hold lies above the bound. A theorem has none.

        For the next question take a function with a hill: $F(x) = 1 - \cos x$ has $L = 1$, a hill at $\pi$ and a valley
        at 0. A run that begins near the top meets steeper and steeper slopes at first, and the valley later.
        """,
        value=lesson.facts["value"],
        conditions=lesson.facts["conditions"],
    )
    return


@app.cell
def _(lesson):
    then_guess = lesson.predictions["then"].form()
    then_guess
    return (then_guess,)


@app.cell
def _(lesson, then_guess):
    lesson.predictions["then"].shown(then_guess.value)
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        A broken assumption is no broken run. Near the top $\mu_k$ is below 1, as old gradients are shorter. In the
        valley the run overshoots a little, coherence is lost, and the squared gradient goes on falling. Move step and
        staleness, and watch which theorem is still there at the right edge.
        """)
    return


@app.cell
def _(lesson):
    hill = lesson.pictures["hill"].controls()
    hill
    return (hill,)


@app.cell
def _(hill, lesson):
    lesson.pictures["hill"].at(hill.value)
    return


@app.cell
def _(gl, lesson):
    gl.teaching.text(
        r"""
        ## What replaces it

        Theorems A and B are still there. Theorem B, for exact gradients, promises $<<theorem_b>>$ and assumes

        <<without>>

        No word about coherence. What takes its place? How far two gradients are apart is bounded by smoothness and by
        how far the point has moved, $|g_k - g_{k-d}| \le L\,|x_k - x_{k-d}|$. And the point moved by steps that were
        themselves taken along gradients: in the sum over all steps, that is paid for by what these steps earned, if
        steps are small compared with $\frac1{sL}$. So **short steps make gradients agree enough, on average over the
        run**. The condition is one on the steps alone, which you choose; it can be checked before the run.

        And it costs nothing. Wherever Theorem 1 is drawn above, Theorems A and B lie below it, although they assume
        less.

        Does it matter in practice? On the networks of the staleness study the library measures $\mu_k$ along real runs.
        It falls with depth, and in deep networks it is negative at about half of the points: the assumption fails, and
        the networks train. Try it on a small function:

        `gradlag check --schedule "1/(s*L)" --problem nonconvex --staleness 16 --steps 500 --constants mu=0.5
        --bound dai2019-tight`

        ## Exercises
        """,
        theorem_b=lesson.facts["theorem_b"],
        without=lesson.facts["without"],
    )
    return


@app.cell
def _(lesson):
    answer_1 = lesson.exercises["1"].form()
    answer_1
    return (answer_1,)


@app.cell
def _(answer_1, lesson):
    lesson.exercises["1"].mark(answer_1.value)
    return


@app.cell
def _(lesson):
    answer_2 = lesson.exercises["2"].form()
    answer_2
    return (answer_2,)


@app.cell
def _(answer_2, lesson):
    lesson.exercises["2"].mark(answer_2.value)
    return


@app.cell
def _(lesson):
    answer_3 = lesson.exercises["3"].form()
    answer_3
    return (answer_3,)


@app.cell
def _(answer_3, lesson):
    lesson.exercises["3"].mark(answer_3.value)
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        ## What was proved, and what was only seen

        **Proved:** on a parabola coherence breaks exactly where overshooting begins, about a quarter of the stability
        limit. **Quoted:** Theorems A and B, which need no coherence; `gradlag prove theorem-b` replays the second.
        **Seen**, on single runs: that a run whose coherence breaks may converge as well as any other, and that the same
        function is coherent from one start and not from another. How bad may a run be when *nothing* but smoothness is
        known? That is lesson 6.
        """)
    return


if __name__ == "__main__":
    app.run()
