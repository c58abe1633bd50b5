"""How lessons look, and the few lines of script that move the sliders of a page and send answers to an app."""

#: Colours on a light and on a dark ground, and the style of a lesson, in a notebook and on a page alike.
STYLE = """
.gl{--gl-ink:#1b1f2a;--gl-muted:#5d6575;--gl-grid:#dfe2e9;--gl-ground:#fff;--gl-blue:#0072b2;--gl-red:#c24d00;
--gl-green:#007a59;--gl-purple:#a8528a;--gl-orange:#a86f00;--gl-right:#e3f3ec;--gl-wrong:#fbe9df;--gl-open:#e6eef8}
.dark .gl,.gl-dark .gl{--gl-ink:#e8eaf0;--gl-muted:#a4abba;--gl-grid:#3a4150;--gl-ground:#14171e;--gl-blue:#63b7ea;
--gl-red:#ff935c;--gl-green:#4fc9a4;--gl-purple:#e3a3cb;--gl-orange:#eebb55;--gl-right:#143a2e;--gl-wrong:#46261a;
--gl-open:#1c3046}
.gl{color:var(--gl-ink);font-size:16.5px;line-height:1.55}
.gl-text{max-width:44rem;margin-inline:auto;overflow-wrap:break-word}
.gl-text h1,.gl-text h2,.gl-text h3{font-weight:600}
.gl-text h1{font-size:1.7rem;line-height:1.2;margin:.4em 0}
.gl-text h2{font-size:1.3rem;margin:1.2em 0 .4em}
.gl-text h3{font-size:1.05rem;margin:.9em 0 .3em}
.gl-text p,.gl-text ul,.gl-text ol{margin:.5em 0}
.gl-text ul{list-style:disc;padding-left:1.4em}.gl-text ol{list-style:decimal;padding-left:1.4em}
.gl-text a{color:var(--gl-blue)}
.gl-text code{font-size:.92em;background:var(--gl-open);color:var(--gl-ink);padding:.05em .3em;border-radius:3px}
.gl-text math{font-size:1.06em}
.gl-text mfrac>:first-child{padding-bottom:.13em}.gl-text mfrac>:last-child{padding-top:.13em}
.gl-text math[display=block]{display:block math;overflow-x:auto;overflow-y:hidden;padding:.35em 0}
.gl-text table{border-collapse:collapse;margin:.6em 0}
.gl-text td,.gl-text th{border-bottom:1px solid var(--gl-grid);padding:.2em .8em .2em 0;text-align:left}
.gl-small,.gl-waiting{color:var(--gl-muted);font-size:.92em}
.gl-picture{display:block;margin:.3em 0;font-family:system-ui,sans-serif}
@media(max-width:520px){.gl-picture text{font-size:15px}}
.gl-seen{min-height:3.2em}
.gl-mark{padding:.4em .9em;border-radius:6px;border-left:4px solid var(--gl-muted);background:var(--gl-open)}
.gl-right{background:var(--gl-right);border-color:var(--gl-green)}
.gl-wrong{background:var(--gl-wrong);border-color:var(--gl-red)}
.gl-task{border-top:1px solid var(--gl-grid);padding-top:.2em}
"""
#: What a page of its own needs besides, on a screen and on paper.
PAGE_STYLE = """
body{font-family:system-ui,sans-serif;margin:0;padding:1.2rem 1rem 4rem;background:var(--gl-ground)}
figure{margin:1em auto}
.gl-slider{display:flex;gap:.8em;align-items:center;margin:.3em 0}
.gl-slider input{flex:1;min-width:6em}
.gl-slider output{min-width:4em}
.gl-typed{display:block;margin:.5em 0}
.gl-typed input,.gl-typed textarea{display:block;width:100%;box-sizing:border-box;font:inherit;padding:.35em .5em;
color:var(--gl-ink);background:var(--gl-ground);border:1px solid var(--gl-muted);border-radius:5px}
.gl-chosen{border:0;padding:0;margin:.5em 0}.gl-chosen label{display:block;padding:.15em 0}
form button{font:inherit;margin:.5em 0;padding:.4em 1em;border-radius:6px;border:1px solid var(--gl-blue);
background:var(--gl-blue);color:var(--gl-ground);cursor:pointer}
form button:disabled{opacity:.6;cursor:progress}
:focus-visible{outline:2px solid var(--gl-blue);outline-offset:2px}
.gl-blank span{display:block;border-bottom:1px solid var(--gl-muted);height:2.4em}
.gl-boxes{list-style:none!important;padding-left:.2em!important}
summary{cursor:pointer;color:var(--gl-blue);padding:.4em 0}
@media print{
@page{size:A4;margin:16mm}
.gl{font-size:10.5pt;line-height:1.4}
.gl-text{max-width:none}
section,figure,.gl-picture,math{break-inside:avoid}
h1,h2,h3{break-after:avoid}
.gl-picture{max-width:420px!important}
}
"""
#: Dark where the reader's system is; paper is always light.
DARK = "if(matchMedia('(prefers-color-scheme: dark)').matches)document.documentElement.classList.add('gl-dark')"
#: Sliders: the drawing for their choice is on the page.
MOVES = """
const place=slider=>JSON.parse(slider.dataset.stops)[slider.value]
for(const slider of document.querySelectorAll('input[type=range]')){
  const tell=()=>{
    slider.nextElementSibling.textContent=place(slider)[1]
    slider.setAttribute('aria-valuetext',place(slider)[1])
  }
  slider.addEventListener('input',tell)
  tell()
}
for(const figure of document.querySelectorAll('.gl-moves')){
  const frames=JSON.parse(figure.querySelector('script').textContent)
  const sliders=[...figure.querySelectorAll('input')]
  const show=()=>{
    const at=sliders.reduce((n,slider)=>n*(Number(slider.max)+1)+Number(slider.value),0)
    figure.querySelector('.gl-frame').innerHTML=frames[at]
  }
  for(const slider of sliders)slider.addEventListener('input',show)
  show()
}
"""
#: Forms: what their fields hold goes to the lesson's own server, and its answer is shown below; the last one counts.
SENDS = """
for(const form of document.querySelectorAll('form[data-kind]')){
  const shown=form.querySelector('.gl-shown'),button=form.querySelector('button')
  let asked=0,busy=false,again=false
  const values=()=>{
    const found={}
    for(const field of form.querySelectorAll('[data-field]')){
      const name=field.dataset.field
      if(field.type==='checkbox'){found[name]??=[];if(field.checked)found[name].push(field.value)}
      else if(field.type==='radio'){found[name]??=null;if(field.checked)found[name]=field.value}
      else found[name]=field.type==='range'?place(field)[0]:field.value
    }
    return found
  }
  const send=async()=>{
    if(busy){again=true;return}
    busy=true
    if(button)button.disabled=true
    try{
      const body=JSON.stringify({kind:form.dataset.kind,name:form.dataset.name,values:values()})
      const answer=await fetch('show',{method:'POST',headers:{'Content-Type':'application/json'},body})
      shown.innerHTML=await answer.text()
    }catch{
      shown.textContent='The lesson is closed. Open it again with gradlag lesson, and reload this page.'
    }
    form.dataset.answered=++asked
    busy=false
    if(button)button.disabled=false
    if(again){again=false;send()}
  }
  form.addEventListener('submit',event=>{event.preventDefault();send()})
  if(!button){form.addEventListener('input',send);send()}
}
"""
