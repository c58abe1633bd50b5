import marimo

app = marimo.App(width="medium", app_title="1. Delay as instability")


@app.cell
def _():
    import gradlag as gl

    lesson = gl.teaching.lesson(1)
    lesson.opening()
    return gl, lesson


@app.cell
def _(gl):
    gl.teaching.text(r"""
        ## A driver who sees the road of a moment ago

        Gradient descent looks at the slope where it stands and takes a step downhill. When many machines share the
        work, the slope that arrives was measured some steps ago: the point has moved on meanwhile. This lesson asks
        what that does on the simplest objective there is, a parabola $F(x) = \tfrac{c}{2} x^2$. Its derivative is
        $c\,x$, and $c$ is called its **curvature**.

        With step size $\eta$ and a gradient that is $D$ steps old, the iteration is

        $$x_{t+1} = x_t - \eta\, c\, x_{t-D} .$$

        We call $D$ the **delay**. Only the product $a = \eta\,c$ matters: stretch the parabola by two and halve the
        step, and nothing has changed. So

        $$x_{t+1} = x_t - a\, x_{t-D}, \qquad x_0 = 1,$$

        where a step that would read a point before $x_0$ reads $x_0$ instead. With $D = 0$ each step multiplies $x$ by
        $1 - a$. That shrinks the error as long as $0 < a < 2$, and jumps straight to the minimum at $a = 1$.

        Set the delay to 0 below and check these two sentences. Then raise the delay, one step at a time, and leave $a$
        where it is. Watch the curve first; what the circle on the right has to do with it comes in a moment.
        """)
    return


@app.cell
def _(lesson):
    late = lesson.pictures["late"].controls()
    late
    return (late,)


@app.cell
def _(late, lesson):
    lesson.pictures["late"].at(late.value)
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        Raise the delay, and the curve overshoots. By the time the iteration hears that it has passed the minimum, it
        has walked on for $D$ more steps, and it then hears of the overshoot for just as long after it has turned round.
        A late driver steers too far, corrects too late, and steers too far the other way.
        """)
    return


@app.cell
def _(lesson):
    limit_guess = lesson.predictions["limit"].form()
    limit_guess
    return (limit_guess,)


@app.cell
def _(lesson, limit_guess):
    lesson.predictions["limit"].shown(limit_guess.value)
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        ## Why: roots

        The iteration is linear. Look for solutions of the form $x_t = z^t$ with a complex number $z$. Put it in and
        divide by $z^{t-D}$:

        $$z^{D+1} = z^D - a .$$

        This is the **characteristic equation**. It has $D + 1$ roots, and every sequence that obeys the iteration is a
        sum of their powers (with a factor that is a polynomial in $t$ where roots coincide). A root
        $z = r\,e^{i\theta}$ contributes $r^t$ times a wave of angle $\theta$ per step. So:

        - if every root lies inside the unit circle, $r < 1$, the error tends to 0 from every start;
        - if one root lies outside, the error grows from almost every start;
        - the largest modulus is the factor by which the error changes per step in the long run; we call a root that has
          it the **slowest**, because what belongs to the others is forgotten sooner.

        Go back to the first picture and move $a$ slowly at delay 2. The curve starts to diverge at the very moment
        when a pair of roots crosses the circle.
        """)
    return


@app.cell
def _(gl, lesson):
    gl.teaching.text(
        r"""
        ## Where the circle is crossed

        As $a$ grows from 0, the roots move continuously. At $a = 0$ one root is 1 and all others are 0. The root at 1
        moves inwards at first: there, $z \approx 1 - a$. Stability can be lost only where a root is *on* the circle,
        $z = e^{i\theta}$. Write the equation as $z^D (1 - z) = a$ and compare both sides as polar numbers, for
        $0 < \theta \le \pi$ (the other half is the mirror image).

        1. **Lengths.** The distance from $e^{i\theta}$ to 1 is $2 \sin\frac{\theta}{2}$. So
           $a = 2 \sin\frac{\theta}{2}$.
        2. **Angles.** The number $1 - e^{i\theta}$ points in the direction $\frac{\theta - \pi}{2}$. The right side is
           positive, so $D\,\theta + \frac{\theta - \pi}{2}$ is a whole multiple of $2\pi$. The smallest solution is
           $\theta = \frac{\pi}{2D+1}$, and the others are larger and belong to larger $a$.

        Until $a$ reaches the first of these values no root has met the circle, so all are inside: for small $a$ one is
        near $1 - a$ and the others are near 0. And at each of these values a pair of roots (or $z = -1$ alone, at
        $\theta = \pi$) goes *out*: differentiate $z^{D+1} - z^D + a = 0$ with respect to $a$, and you find that $|z|$
        grows there (an exercise for those who like one). Roots leave, and none comes back. Hence

        $$\text{stable} \iff 0 < a < 2 \sin\frac{\pi}{2(2D+1)} .$$

        In numbers, from `gl` itself: <<numbers>>. For large delays the sine is nearly its angle, so that the largest
        stable step is close to $\frac{\pi}{2D+1}$: **twice the delay, half the step**. That is what staleness costs on
        the friendliest of all objectives, and every bound of this course will pay at least this much.
        """,
        numbers=lesson.facts["limits"],
    )
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        ## Delays that change

        Real delays change from step to step. It is tempting to say: if the iteration is stable whenever *every*
        gradient is 2 steps old, then it is stable when they are *at most* 2 steps old. Try it. Below, the delays are
        0, 1, 2, 2, ... up to the period, and then start again. The dashed line is the constant delay 2. At first the
        other one falls faster. Move both sliders until the dashed line falls and the other one rises.
        """)
    return


@app.cell
def _(lesson):
    changing = lesson.pictures["changing"].controls()
    changing
    return (changing,)


@app.cell
def _(changing, lesson):
    lesson.pictures["changing"].at(changing.value)
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        So fresh gradients can do harm: what hurts is not age alone but *changing* age. A gradient that was read at the
        top of the swing is applied again and again, and just when it would be due to be corrected, the delays start
        afresh. Whatever we prove for "delays of at most $D$" must hold for such sequences too, and so must be weaker
        than what is true of a constant delay. How much weaker is a question for lessons 6 and 7.

        ## Exercises

        Answers are graded by computing, not by comparing with one solution: whatever is right is accepted. Numbers may
        be typed as arithmetic, such as `(sqrt(5) - 1)/2`.
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

        **Proved:** the largest stable step of a fixed delay on a parabola, exactly. **Seen, by computing one example:**
        that delays which change can be worse than the largest of them. **Not touched:** noise, and functions that are
        not parabolas. A parabola in many dimensions is no new case: along each axis of it runs an iteration like ours,
        and the steepest axis decides. For all other functions a picture of roots does not exist, and what takes its
        place is a *bound*: lesson 2.
        """)
    return


if __name__ == "__main__":
    app.run()
