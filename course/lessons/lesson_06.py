import marimo

app = marimo.App(width="medium", app_title="6. The function that defeats you")


@app.cell
def _():
    import gradlag as gl

    lesson = gl.teaching.lesson(6)
    lesson.opening()
    return gl, lesson


@app.cell
def _(gl):
    gl.teaching.text(r"""
        ## You are the adversary

        Up to now you chose steps, and somebody else the function. Change sides. The run is fixed: $L = \Delta = 1$,
        four steps of size $\frac12$, staleness 3, delays 0, 1, 2, 2. You choose $F$. You want **every one** of the five
        points $x_0, \dots, x_4$ to have a large gradient, so that nobody can say the run has arrived.

        The rules are those of every theorem of this course. $F$ is 1-smooth: over a distance $\delta$ its slope changes
        by at most $\delta$. And it has a floor: from $x_0$ it falls by at most 1, wherever one goes.

        In one variable a function is drawn by its **slopes**. On the left below you see how steeply $F$ falls, on the
        right $F$ itself: the height lost is the *area* under the left curve. After the last slope comes a bowl, in
        which the slope loses 1 for each unit of length, as fast as it may.

        1. Move both slopes. Too steep, and the height is used up before the run ends; too flat, and the slope itself is
           small. What is best?
        2. Then move the last slider. Between the points of the run nobody looks.
        """)
    return


@app.cell
def _(lesson):
    draw = lesson.pictures["draw"].controls()
    draw
    return (draw,)


@app.cell
def _(draw, lesson):
    lesson.pictures["draw"].at(draw.value)
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        ## The best in one variable

        Let the slope be $g$ at all five points. They are $\frac g2$ apart, so that the run covers $2g$.

        - **Straight:** the height used is $2g \cdot g$, and the bowl needs $\frac12 g^2$ more. From
          $\frac52 g^2 = 1$ comes $g^2 = \frac25$.
        - **With dips:** half way between two points the slope may have fallen by $\frac g4$ and come back. Each dip is
          a triangle that saves $\frac12 \cdot \frac g2 \cdot \frac g4 = \frac1{16} g^2$ of height. Four of them leave
          $\frac94 g^2 = 1$, and $g^2 = \frac49$.

        Steeper than $g$ at some point costs height and carries the run further, and deeper dips are not smooth. (Nor
        can the run jump over the floor to the other side: for a slope $+g$ after a slope $-g$ it would have to move by
        $2g$ in one step, with a slope of $4g$.) So $\frac49$ is the worst that one variable can do. The function is a
        **staircase**: flat where nobody looks, steep where the gradient is read.
        """)
    return


@app.cell
def _(lesson):
    dimension_guess = lesson.predictions["dimension"].form()
    dimension_guess
    return (dimension_guess,)


@app.cell
def _(dimension_guess, lesson):
    lesson.predictions["dimension"].shown(dimension_guess.value)
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        ## The worst of all

        What can a second variable do? Follow the run. The solid line is the step that is taken, along an old gradient;
        the dashed one is the step that a fresh gradient would take. They begin at the same point, and from step to step
        the angle between them grows. **The worst function turns**: by the time a gradient is applied, the way down
        leads elsewhere. From $x_1$ on all gradients are
        equally long, so that none of these points is better than the others, and a good part of each step is spent on
        walking sideways.
        """)
    return


@app.cell
def _(lesson):
    worst = lesson.pictures["worst"].controls()
    worst
    return (worst,)


@app.cell
def _(lesson, worst):
    lesson.pictures["worst"].at(worst.value)
    return


@app.cell
def _(gl, lesson):
    gl.teaching.text(
        r"""
        ## Two ends of a proof

        How do we know that this is the worst? There are two claims in it.

        **From below: a witness.** Somebody hands you five points, five gradients and five values. You check for every
        two of them that a smooth function can pass through both. For 1-smooth functions the condition is

        $$F(x) - F(y) \ge \tfrac12 \langle \nabla F(x) + \nabla F(y), x - y \rangle + \tfrac14 |\nabla F(x) - \nabla
        F(y)|^2 - \tfrac14 |x - y|^2 ,$$

        both ways round, and a theorem says that if it holds for all pairs, then *there is* a 1-smooth function through
        all of them. (Exercise 1 is this inequality in one variable.) The library's witness lives in <<dimension>>
        variables and reaches <<reached>>.

        **From above: a certificate.** Here the same inequality is used the other way: *every* 1-smooth $F$ obeys it, at
        the points of the run. Multiply each pair's inequality by a number that is not negative, add all of them up, and
        arrange that all values $F(x_k)$ cancel but the first one. What is left over reads

        $$\sum_k m_k\, |\nabla F(x_k)|^2 \;\le\; n\,\Delta \; - \; (\text{a sum of squares}) .$$

        Drop the squares, and replace each $|\nabla F(x_k)|^2$ by the least of them: it is at most $n / \sum_k m_k$. The
        whole proof is a list of <<lines>> numbers. Among them are $n$ and the $m_k$, in units of $2^{-60}$:

        <<measures>>

        Divide the first by the sum of the others. The file states what follows from it:

        > <<statement>>

        The certificate says at most <<worst>>, the witness <<reached>>: nothing is left open. Where do the numbers come
        from? A solver found them, in floating point. Nobody has to trust it: the check uses whole numbers alone.
        """,
        dimension=lesson.facts["dimension"],
        reached=lesson.facts["reached"],
        lines=lesson.facts["lines"],
        measures=lesson.facts["measures"],
        statement=lesson.facts["statement"],
        worst=lesson.facts["worst"],
    )
    return


@app.cell
def _(lesson):
    tampered_guess = lesson.predictions["tampered"].form()
    tampered_guess
    return (tampered_guess,)


@app.cell
def _(lesson, tampered_guess):
    lesson.predictions["tampered"].shown(tampered_guess.value)
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        ## A certificate is a flow

        Draw an arrow from $i$ to $j$ for each pair's inequality, as thick as its multiplier. It brings $+F(x_i)$ and
        $-F(x_j)$ into the sum. That all values cancel means: at each point as much flows in as flows out. The flow
        comes in at the start, since $\Delta$ is the height there, runs forward along the run (arrows above) with some
        turning back (below), and leaves where the last point is above the floor. Change one number, and look at where
        the flow is interrupted.
        """)
    return


@app.cell
def _(lesson):
    forge = lesson.pictures["forge"].controls()
    forge
    return (forge,)


@app.cell
def _(forge, lesson):
    lesson.pictures["forge"].at(forge.value)
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        On your own machine, `gradlag worst-case --schedule "1/2" --staleness 3 --steps 4 --out worst` finds both files,
        and `gradlag verify worst/worst-case.certificate.txt` checks one. Open it in an editor, change a digit, and
        check it again: then the digest at its end gives you away first.

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
def _(gl, lesson):
    gl.teaching.text(
        r"""
        ## What was proved, and what was only seen

        **Proved:** the worst case of this run is <<worst>> to six digits, by two files that anybody may check; and one
        variable reaches <<share>> % of it. **Seen:** that the worst function turns. A turning gradient is no
        accident of four steps: in lesson 7 the run goes on for ever, and a part of the gradient turns by the same angle
        at every step.
        """,
        worst=lesson.facts["worst"],
        share=lesson.facts["one_variable"],
    )
    return


if __name__ == "__main__":
    app.run()
