import marimo

app = marimo.App(width="medium", app_title="8. Claim it yourself")


@app.cell
def _():
    import gradlag as gl

    lesson = gl.teaching.lesson(8)
    lesson.opening()
    return gl, lesson


@app.cell
def _(gl, lesson):
    gl.teaching.text(
        r"""
        ## A claim is about every function

        So far others have claimed and you have checked. Now you claim. A **claim** in this lesson is a formula in $T$,
        the staleness $s$ and the constants $L$, $\Delta$ and $\sigma$. It says: for every $T$ from 1 on, and for every
        $L$-smooth function whose start lies at most $\Delta$ above its floor,

        $$<<quantity>> \le \text{your formula.}$$

        Corollary 1 of the library is such a claim, and it comes with a proof. It is about the steps <<steps>>,
        and says

        $$<<quantity>> \le <<corollary>> .$$

        that is, $\sigma$ times the root of $\frac{2 L \Delta}{T}$, and a second term that needs no noise. Without
        noise these steps are $\frac{1}{sL}$, and $\frac{2 s L \Delta}{T}$ is left. Is that the best that one can say
        of them? You may claim less. There are three ways in which a claim can end.

        1. **Proved.** A theorem of the library promises no more than you claim, at every $T$ and all values of the
           constants. That is a comparison of two formulas, made in exact algebra; and the theorem's own proof is
           replayed by the kernel (lesson 4).
        2. **Refuted.** There is *one* function and *one* $T$ at which the run keeps every $|\nabla F(x_t)|^2$ above
           your claim. The function is written down in exact numbers, and the run is made on it.
        3. **Open.** Neither was found. Then the claim may be true and nobody here can prove it, or false at some $T$
           that nobody looked at. Where a **certificate** (lesson 6) bounds the worst case below your claim at $T = 1,
           2, 5$, say, it is true *there*, and nothing is said of $T = 6$.

        Note how unequal the first two are. A proof must cover all functions; one function is enough to refute. So it
        pays to be the enemy of one's own claim first.
        """,
        quantity=lesson.facts["quantity"],
        corollary=lesson.facts["corollary"],
        steps=lesson.facts["corollary_steps"],
    )
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        ## Where claims end

        Below, $s = 2$, $L = \Delta = 1$, no noise. Your claim is $c / T^p$. The green line is what the slope of lesson
        2 keeps, $\frac{2}{T+1}$: below it, nothing is true. The black line is the exact worst case at each $T$, the
        dashed blue one what Theorem B proves. The verdict in words is the library's own. Move $c$ down until it
        changes. Then take the other powers: for which of them does **no** constant help, and for which does any large
        constant do?
        """)
    return


@app.cell
def _(lesson):
    zones = lesson.pictures["zones"].controls()
    zones
    return (zones,)


@app.cell
def _(lesson, zones):
    lesson.pictures["zones"].at(zones.value)
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        With $p = \frac32$ every constant fails: the slope keeps about $\frac2T$, and $\frac{c}{T^{3/2}}$ falls below
        it from about $T = \frac{c^2}{4}$ on, further out than the picture goes. **A claim must hold for every $T$.**
        With $p = \frac12$ a large constant is always true, and says little. With $p = 1$ there is a gap: what is
        above Theorem B is proved, what is below the worst case at some $T$ is refuted, and between the two nobody
        knows. Look at $c = 2.5$: at every $T$ that was looked at, up to 16, a certificate bounds the worst case below
        the claim. Nothing is said of other $T$, and rightly so: at $T = 20$ the worst case is 0.1265, and 0.1250 is
        claimed. **Truth at some $T$ is not truth.**
        """)
    return


@app.cell
def _(lesson):
    half_guess = lesson.predictions["half"].form()
    half_guess
    return (half_guess,)


@app.cell
def _(half_guess, lesson):
    lesson.predictions["half"].shown(half_guess.value)
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        ## The function that breaks it

        How is such a function found? The worst case of lesson 6 is the largest value of a problem that a computer can
        solve: over all *values and gradients at the points of the run* that fit together. Its solution is such a set
        of values and gradients. That some smooth function passes through them is a theorem, whose condition is checked
        in whole numbers, without rounding; and then the run is made on that function. So you need not trust the solver:
        whatever it found, the function is there, and the claim fails on it.

        Look at its shape. On the slope all gradients point the same way, and late ones are as good as fresh ones: the
        slope does not know about staleness. The function above turns. Its gradients keep their length and change their
        direction, so that a late gradient points a little aside, and $F$ falls by less per step.

        ## What a comparison needs

        To prove a claim from a theorem one shows that claim minus bound is not negative **for every** $T$. The library
        brings both to one fraction of sums of products of powers, such as $\sqrt{2 L \Delta}\,\sigma\,T^{-1/2}$, and
        looks at signs of coefficients. Two habits make your claims easy to prove:

        - **Name the constants.** $\frac{2 s L \Delta}{T}$ can be proved for all $L$ and $\Delta$. The same with numbers
          in their place, $\frac4T$, can only be true where $L$ and $\Delta$ are 1. Units tell: $|\nabla F|^2$ has the
          units of $L \Delta$, and so has $\sigma^2$.
        - **Keep to powers.** A claim with $\max$ or $\log T$ may be true and may be left open.

        ## Exercises

        Any claim is read, and settled by the library while you wait: some seconds. An open claim costs nothing.
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

        **Proved:** what the kernel replays, for every $T$; and that a claim is false, by one function. **Seen:** where
        the verdict changes. **Open, here:** claims that lie a little below Theorem B. What
        would decide one of them is said with the verdict: a function at one $T$, or a theorem that knows more. The
        command for claims of your own is `gradlag check --claim`, and it leaves its certificates and functions in
        files that others can verify.
        """)
    return


if __name__ == "__main__":
    app.run()
