import marimo

app = marimo.App(width="medium", app_title="2. What a bound says")


@app.cell
def _():
    import gradlag as gl

    lesson = gl.teaching.lesson(2)
    lesson.opening()
    return gl, lesson


@app.cell
def _(gl, lesson):
    gl.teaching.text(
        r"""
        ## One sentence, taken apart

        On a parabola roots tell everything. On other functions there are no roots, and one asks for less: not where the
        iteration goes, but how small its gradient *surely* becomes. Here is such a sentence, Theorem B of the library:

        $$<<quantity>> \le <<value>>$$

        **The left side.** Among the points $x_0, \dots, x_T$ take the one with the smallest gradient. Why the smallest,
        and why the gradient? Because nothing else can be promised. The function may have many valleys, so its *value*
        need not become small; and a late step may undo what an earlier one gained, so that the *last* point may be
        worse than one before.

        **The right side** has four kinds of letters.

        | letter | what it is | who knows it |
        |---|---|---|
        | $\Delta$ | how high the start lies above the bottom | you, roughly |
        | $L$ | how fast the gradient can change | you, from above |
        | $\eta_k$ and the delays, within $b_k$ | what you do and what happens | you choose, the system answers |
        | $T$, the number of terms of the sum | how long you run | you choose |

        For a constant step $\eta$ and small $L\,b_k$ it is close to $\frac{\Delta}{\eta\,T}$: twice as long, half the
        bound. Units are a good test. If $F$ is in joules and $x$ in metres, gradients are in joules per metre, $L$ is
        in joules per square metre, and $\eta$ turns a gradient into metres. Both sides are then in (joules per metre)
        squared.

        **The small print.** Lateness is counted by the **staleness** $s$: delays are at most $s - 1$, so that $s = 1$
        is no delay. Further, <<definitions>>. So $W_k$ are the steps between the read of step $k$ and step $k$ itself,
        $H_k$ is how far they may have gone, and $b_k$ is large where long steps meet long delays.

        **Who is meant?** Every function and every run with:

        <<assumptions>>

        and <<conditions>>. Outside these conditions the library does not return a number. At the step $\frac1L$ and
        $s = 4$ it says: *<<refusal>>*
        """,
        quantity=lesson.facts["quantity"],
        value=lesson.facts["value"],
        definitions=lesson.facts["definitions"],
        assumptions=lesson.facts["assumptions"],
        conditions=lesson.facts["conditions"],
        refusal=lesson.facts["refusal"],
    )
    return


@app.cell
def _(lesson):
    parabola_guess = lesson.predictions["parabola"].form()
    parabola_guess
    return (parabola_guess,)


@app.cell
def _(lesson, parabola_guess):
    lesson.predictions["parabola"].shown(parabola_guess.value)
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        Is the bound bad, then? It says what is true of *every* function. The parabola has a gradient that fades as one
        comes near the bottom, and so it is an easy one. A hard function gives nothing away: its slope stays the same
        until the height is used up. On a straight slope of gradient $g$ each step of size $\eta$ descends by $\eta
        g^2$. With height $\Delta$ to spend on $T$ steps, $g^2$ can be as large as about $\frac{\Delta}{\eta\,T}$. That
        is the bound again!

        ## The ladder

        So there is a ladder. Each rung is computed on its own, and none may lie below the one under it.

        1. **One run** on one function: the parabola.
        2. **A harder function**: the slope that ends in a bowl.
        3. **The worst function**, over all functions with this $L$ and $\Delta$, at these steps and delays. It is found
           by solving a convex problem (lesson 6), and it is exact.
        4. **A theorem** for exact gradients, proved: Theorem B.
        5. **A theorem** that allows noise as well: Theorem A.
        6. **An older theorem.**
        """)
    return


@app.cell
def _(lesson):
    worst_guess = lesson.predictions["worst"].form()
    worst_guess
    return (worst_guess,)


@app.cell
def _(lesson, worst_guess):
    lesson.predictions["worst"].shown(worst_guess.value)
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        Now climb, one rung at a time, and change the staleness and the step at each. At which step does a theorem
        refuse, and which one is it?
        """)
    return


@app.cell
def _(lesson):
    ladder = lesson.pictures["ladder"].controls()
    ladder
    return (ladder,)


@app.cell
def _(ladder, lesson):
    lesson.pictures["ladder"].at(ladder.value)
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        ## What a gap means

        - **Between your run and the worst case** there may be any gap. It says that your function is not the worst one.
          It says nothing against the theorem.
        - **Between the worst case and a theorem** a gap is a loss of the *proof*: no function needs it. A small one, as
          here, says that a better proof would not help you; only another assumption would.
        - **Between two theorems** a gap is the price of what the weaker one allows besides: noise, or changing delays.
        - **A rung below the one under it** is a contradiction. Then a program has an error, an assumption is broken, or
          a theorem is false. `gradlag check` looks for exactly this, and calls it by its name: *violated*.

        A measured curve can never *prove* a bound. It was measured on one function, and the bound speaks of all. It can
        refute one: a single run above it is enough.

        ## Exercises
        """)
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

        **Quoted:** Theorems A and B; `gradlag prove theorem-b` replays the proof. **Computed**, and certified from
        both sides: the worst cases. **Seen:** where the rungs lie, for runs of at most 16 steps. In exercise 3 noise
        came in, and with it a step that is best: neither the largest nor the smallest. What noise is, and what may be
        said about it, is lesson 3.
        """)
    return


if __name__ == "__main__":
    app.run()
