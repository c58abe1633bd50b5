import marimo

app = marimo.App(width="medium", app_title="3. Noise, and what it may know")


@app.cell
def _():
    import gradlag as gl

    lesson = gl.teaching.lesson(3)
    lesson.opening()
    return gl, lesson


@app.cell
def _(gl, lesson):
    gl.teaching.text(
        r"""
        ## Two sentences that are easy to confuse

        A stochastic gradient is the true one plus noise. The step is

        $$x_{k+1} = x_k - \eta\,(g_{\tau_k} + e_k) ,$$

        with $g_{\tau_k} = \nabla F(x_{\tau_k})$ and $\tau_k = k - d_k$. Think of $e_k$ as a fair coin: $+\sigma$ or
        $-\sigma$. What must be true of it for a theorem to hold? The library says of Theorem A:

        > <<unbiased>>
        >
        > <<fixed>>

        The first sentence has the word *given*. "$e_k$ has mean zero" is weak: it only says that on average over
        everything nothing is pushed. "$e_k$ has mean zero **given** all that happened before" says that nobody who
        knows the past can bet on it. It has a consequence that every proof uses: if $v$ is made of the past only, then

        $$E\,\langle v, e_k \rangle = E\,\langle v, \,E[e_k \mid \text{past}]\,\rangle = 0 .$$

        First fix the past, then average over the coin, then over the past. The product vanishes, *because $v$ cannot
        look at $e_k$*. So the only question to ask of a product is: **was $v$ made before the coin was thrown?**
        """,
        unbiased=lesson.facts["unbiased"],
        fixed=lesson.facts["fixed"],
    )
    return


@app.cell
def _(lesson):
    sign_guess = lesson.predictions["sign"].form()
    sign_guess
    return (sign_guess,)


@app.cell
def _(lesson, sign_guess):
    lesson.predictions["sign"].shown(sign_guess.value)
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        ## The triangle

        Step 1 subtracts $\eta e_1$ from the point. So $x_2$ has $-\eta e_1$ in it, and the product with $e_1$ has mean
        $-\eta \sigma^2$. From then on the iteration forgets it slowly, or, with a delay, turns it round. Raise the
        delay and look at the rows far down: the sign changes where the iteration overshoots.
        """)
    return


@app.cell
def _(lesson):
    products = lesson.pictures["products"].controls()
    products
    return (products,)


@app.cell
def _(lesson, products):
    lesson.pictures["products"].at(products.value)
    return


@app.cell
def _(gl, lesson):
    gl.teaching.text(
        r"""
        Above the diagonal all is zero, at every delay and every step size: that is the sentence about the coin. Below
        it nothing may be dropped.

        ## The cross term of a stale step

        Here is where it matters. A stale step is harmed by how far the point has moved since its gradient was read:

        $$x_k - x_{\tau_k} = -\eta \sum_{j \in W_k} (g_{\tau_j} + e_j), \qquad W_k = \{\tau_k, \dots, k-1\} .$$

        Its mean square is that of the gradients, plus that of the noises, plus **twice the mean of their product**. It
        is tempting to drop the product, since noise has mean zero. When is that right? The product of $g_{\tau_j}$ and
        $e_i$ vanishes if $x_{\tau_j}$ is no younger than $x_i$: then the coin $i$ was not thrown yet. All $i$ in the
        window are at least $\tau_k$. (A point is *younger* than another if its index is larger.) So:

        - if every step of the window reads a point that is no younger than $x_{\tau_k}$, the product is zero: so it is
          for a constant delay, and whenever gradients are applied in the order in which they were read;
        - if a step of the window **overtakes**, $\tau_j > \tau_k$, it may have read a point with noise of the window in
          it. Then the product stays.

        A proof that forgets this proves something false for delays that change. Theorem A pays for it, and only where
        it happens. Look for $o_i$ in

        $$<<quantity>> \le <<value>>$$

        where <<overtaking>>.
        """,
        quantity=lesson.facts["quantity"],
        value=lesson.facts["value"],
        overtaking=lesson.facts["overtaking"],
    )
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        ## When lateness looks at the noise

        The second sentence of the theorem said that delays are fixed before the run, or at least do not depend on the
        noise. Is that a detail? In a real system a gradient may take longer to compute, or to send, because of what is
        in it: a larger minibatch, more numbers that are not zero, more rounds of a solver. Then *who comes first*
        depends on the noise.
        """)
    return


@app.cell
def _(lesson):
    place_guess = lesson.predictions["place"].form()
    place_guess
    return (place_guess,)


@app.cell
def _(lesson, place_guess):
    lesson.predictions["place"].shown(place_guess.value)
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        Each worker is honest: its own noise has mean zero. The race is not. Of the four cases $++$, $+-$, $-+$, $--$
        the server applies a negative noise in three. What is applied has mean $-\frac{\sigma}{2}$, so the point
        settles where the gradient makes up for it, at $x = +\frac\sigma2$; and no number of steps brings it nearer to
        the minimum.

        Move the share of races that the noise decides, and watch the exact run pass the bound. Below that share the
        bound happens to be right, though it says nothing: nobody promised it.
        """)
    return


@app.cell
def _(lesson):
    race = lesson.pictures["race"].controls()
    race
    return (race,)


@app.cell
def _(lesson, race):
    lesson.pictures["race"].at(race.value)
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        What does the delay do in this picture? Almost nothing. It is not the age of the gradients that does the harm,
        but that the order of arrival knows the noise. A test of the delays alone, their mean or their largest, would
        find nothing wrong. `gradlag trace` on a recorded run asks what the delays depend on.

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

        **Proved:** the product of noise with anything made before it has mean zero, for all step sizes and for all
        delays that do not look at the noise; and so has the cross term, unless a step of the window overtakes.
        **Seen**, on one function but exactly: that a race which looks at the noise leads to another point, above a
        bound that assumes it away. Lesson 4 uses the first sentence once, in its first step. Watch for it.
        """)
    return


if __name__ == "__main__":
    app.run()
