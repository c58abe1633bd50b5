import marimo

app = marimo.App(width="medium", app_title="9. Design")


@app.cell
def _():
    import gradlag as gl

    lesson = gl.teaching.lesson(9)
    lesson.opening()
    return gl, lesson


@app.cell
def _(gl):
    gl.teaching.text(r"""
        ## From judging steps to choosing them

        So far step sizes were given, and we asked how bad a run can get. Now turn the question round. Somebody fixes
        the number of steps $T$ and the delay; you choose the step sizes $\eta_1, \dots, \eta_T$; then an enemy chooses
        the function, among all $L$-smooth ones that start at most $\Delta$ above their floor, so as to keep
        $\min_t |\nabla F(x_t)|^2$ large. The **best design** is the list of steps at which the enemy gets least:

        $$\min_{\eta_1, \dots, \eta_T} \; \max_F \; \min_{t \le T} |\nabla F(x_t)|^2 .$$

        The inner two are the worst case of lesson 6, and a computer finds it with a **certificate**: a proof, for these
        very steps, that no function is worse. The outer one is yours first, and then the library's.

        In all of this lesson $T = 6$, $L = \Delta = 1$, there is no noise, and the delay is 2 ($s = 3$): steps 1, 2 and
        3 all use the gradient of $x_0$, step 4 that of $x_1$, and so on, each that of the point of two steps before.
        Move the sliders. The bar on the right is the certified worst case; the
        lines are what the best constant step and the library's design have. What do you have to do
        to steps 3 and 4 to get below the constant step?
        """)
    return


@app.cell
def _(lesson):
    drawn = lesson.pictures["steps"].controls()
    drawn
    return (drawn,)


@app.cell
def _(drawn, lesson):
    lesson.pictures["steps"].at(drawn.value)
    return


@app.cell
def _(lesson):
    out_guess = lesson.predictions["left-out"].form()
    out_guess
    return (out_guess,)


@app.cell
def _(lesson, out_guess):
    lesson.predictions["left-out"].shown(out_guess.value)
    return


@app.cell
def _(gl, lesson):
    gl.teaching.text(
        r"""
        ## Why leaving steps out helps

        A gradient is never stale by *time*, but by *movement*. If the point has not moved since a gradient was read,
        that gradient is fresh, however long it was on its way. By smoothness the gradient that is applied and the one
        that should have been differ by at most

        $$L\,|x_k - x_{k-d}| \le L \sum_{j=k-d}^{k-1} \eta_j\,|g_j| :$$

        the *sum of the steps taken in between* counts. Under the picture you read its mean. Six equal steps of 0.65
        move by 1.3 between reading and applying, in the middle of the run: late by more than a whole step of gradient
        descent. Leave one out and the sum is half as large for the two steps after it. You lose one step, and all
        others become better.

        The extreme form is **waiting**: leave out as many steps as the delay, then take one, so that every gradient is
        fresh. Its steps are <<waiting>>, and its worst case is <<waiting_value>>: worse than the best constant step,
        <<constant>>, with <<constant_value>>, since only two of six gradients are used. The design lies between:

        $$<<design>>$$

        with <<design_value>>. Long steps at both ends, a pause in the middle. At the beginning nothing is stale yet;
        at the end nobody reads any more, so that the last step harms no later one. For $T = 9$ the design is

        $$<<nine>>$$

        with <<nine_value>>, where the best constant step has <<nine_constant>>: two pauses.
        """,
        **{name: lesson.facts[name] for name in ("waiting", "waiting_value", "constant", "constant_value")},
        **{name: lesson.facts[name] for name in ("design", "design_value", "nine", "nine_value", "nine_constant")},
    )
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        ## How a design is found, and what is certain about it

        The worst case is a function of the six step sizes. It has kinks, where one worst function takes over from
        another, and several valleys: pauses can stand in different places. So the library begins from several starts
        (the constant step, waiting, a design for a theorem, and a shaken constant step), goes downhill from each, and
        keeps the best. Two things must be kept apart:

        - **Certain** is the worst case *of the steps that are printed*: its certificate is checked in whole numbers.
        - **Not certain** is that no other list is better. The search found none.

        A design is made for its $T$. Stop it earlier, or run it longer, and the pauses stand in the wrong places. A
        *rule* that says what to do at every $k$ is worth more, and exercise 3 asks for one. And a design is only as
        good as what it assumes: with noise a step lets in $L \sigma^2 \eta_k^2$, and long steps no longer pay.

        ## Exercises

        Steps are solved and certified while you wait, in about a second. Where no certificate is found nothing is
        marked wrong.
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

        **Proved:** the worst case of every list of steps in this lesson, from above, by a certificate of its own; so
        it is a theorem that your steps beat every constant step, as soon as the best constant step is known. **Seen:**
        that the design is the best. `gradlag design --for worst-case --staleness 3 --steps 6` makes it on your machine,
        says why it has its shape, and keeps the steps in a file that `--schedule @FILE` reads. For steps that are
        good for a *theorem* instead of the worst case, and for noise, there is `--for theorem-a`.
        """)
    return


if __name__ == "__main__":
    app.run()
