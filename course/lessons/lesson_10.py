import marimo

app = marimo.App(width="medium", app_title="10. Networks, real servers, and other ways to be late")


@app.cell
def _():
    import gradlag as gl

    lesson = gl.teaching.lesson(10)
    lesson.opening()
    return gl, lesson


@app.cell
def _(gl, lesson):
    gl.teaching.text(
        r"""
        ## Where delays come from

        Nobody sets a delay. A **server** keeps the point; $P$ **workers** fetch it, compute a gradient, and send it
        back. Whoever is ready is served: its gradient is applied at once, it fetches the new point and starts again.
        The delay of a gradient is the number of updates that *others* made while it was computed.

        One thing about these delays can be proved in two lines. At each moment $P - 1$ other gradients are on their
        way, and each update makes every one of them older by one. So in $T$ updates $T (P - 1)$ steps of age are
        handed out, and they all end up as delays of some gradient (but for those still on their way at the end). Hence

        $$\text{the mean delay tends to } P - 1,$$

        however fast or slow the workers are. With eight workers of which one is slow by a factor 10, the mean in the
        picture below is <<shared>>. What a slow worker changes is the *largest* delay: while it computes once, the
        others go on.

        The clock below is virtual: the times are drawn, the order of events follows, and the gradients are really
        computed, of $\frac12 x^2$. Three ways to deal with lateness race each other **in seconds**: one step for every
        gradient; a step of at most $\frac{1}{d+1}$ for a gradient that is $d$ steps old; and waiting, where nobody
        starts a second gradient before the slowest has finished its first. Start without a slow worker. Then add one.
        """,
        shared=lesson.facts["shared"],
    )
    return


@app.cell
def _(lesson):
    live = lesson.pictures["live"].controls()
    live
    return (live,)


@app.cell
def _(lesson, live):
    lesson.pictures["live"].at(live.value)
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        ## Rules that look at the delay

        With one slow worker nearly all gradients are a few steps old, and a very few are some eighty. A bound
        that knows only the largest delay makes *every* step small because of these few. But when a gradient arrives its
        delay is known, and the step can be chosen then: long for fresh gradients, short for old ones, or none at all.
        Then the worker that is late pays, and the others do not. Theorems for such rules (Koloskova, Stich and Jaggi
        2022, for one) have the *mean* delay, and so the number of workers, where Theorem 1 has the largest one.

        Waiting is the other extreme: all gradients are nearly fresh, and all workers are as slow as the slowest. Which
        wins depends on the clock, and no count of steps will tell you: count seconds. (Waiting can afford longer steps:
        give it 0.3.)

        One warning from lesson 3: a rule may look at the *delay*. If the delay depends on the *noise*, because easy
        examples are ready sooner, say, then mean zero given the past is lost, and with it every theorem that assumes
        it.
        """)
    return


@app.cell
def _(lesson):
    deep_guess = lesson.predictions["deep"].form()
    deep_guess
    return (deep_guess,)


@app.cell
def _(deep_guess, lesson):
    lesson.predictions["deep"].shown(deep_guess.value)
    return


@app.cell
def _(gl, lesson):
    gl.teaching.text(
        r"""
        ## Why depth makes it worse

        All theorems of this course need smoothness: how fast the gradient changes as the point moves. In a deep network
        the gradient of one layer contains the weights of all the others as factors. Move every layer a little, and the
        changes multiply: the old gradient points elsewhere sooner. Measured here: a factor <<one>> with one hidden
        layer and <<deep>> with <<layers>>, at the same step. It is the observation with which the staleness study
        began. It is *measured*, on small networks; what theorems say of it goes through $L$ and through the coherence
        of lesson 5.

        ## Other ways to be late

        Whoever works with incomplete information is late in one way or another.

        - **Withheld.** Workers in several places send an update only where it has become *significant*. What is not
          sent waits: an entry that is held back for $j$ rounds is a gradient of that entry, $j$ rounds old. The delay
          now depends on the gradient.
        - **Compressed.** A worker sends the few largest entries and keeps the rest, which it adds to the next gradient
          (exercise 3). Nothing is lost, all of it comes later. The iteration is close to one without compression, and
          *how* close is the size of what is held back.
        - **Grouped.** Workers average within small groups, and the groups change. What one worker has learnt reaches
          the others after some rounds: a delay that is set by who meets whom.

        For each of these the library has a simulator and a study: `gradlag reproduce topk`, `fleet`, `ds-sync` and
        others. Each says beforehand what it will call reproduced, and some claims are not.
        The question to ask is always that of lesson 2: which function, which delays, which noise, and what is promised?

        ## Exercises
        """,
        one=lesson.facts["one"],
        deep=lesson.facts["deep"],
        layers=lesson.facts["layers"],
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

        **Proved:** the mean delay of a server. **Seen:** what a slow worker, a rule and depth do, on a parabola and on
        small networks. **Open:** nearly all that you would like to know of your own system. You have the tools now:
        `gradlag async` records a server of yours, `gradlag trace` says what its delays are and whether they look at
        the noise, `gradlag check` holds a run against theorems, and a claim of your own can be proved or broken. Go and
        break one.
        """)
    return


if __name__ == "__main__":
    app.run()
