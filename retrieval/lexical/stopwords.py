"""Words so frequent in their language that they say nothing about a passage; short lists, folded, written for this project.

A question is read in the languages of the documents (analysis.py), where its own language's function words would be rare
and weigh much: so they are dropped whatever language it is read in.
"""

STOP_WORDS: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": """a an and are as at be been being but by can could did do does for from had has have he her hers him his how i if
            in into is it its may me my no nor not of on or our ours shall she should so such than that the their them then
            there these they this those to us was we were what when where which who whom whose why will with would you your""",
        "de": """ab als am an auf aus bei beim bin bis da dann das dass daß dem den denn der des die dies diese diesem diesen
            dieser dieses doch du durch ein eine einem einen einer eines er es für hat hatte hatten haben ich ihm ihn ihnen
            ihr ihre ihrem ihren ihrer im in ist ja kann können man mein mit muss müssen nach nicht noch nur ob oder ohne
            sein seine seinem seinen seiner sich sie sind so soll über um und uns unter vom von vor wann war waren warum was
            wegen welche welchem welchen welcher welches wem wen wenn wer werden wie wieso wir wird wo worden wurde wurden
            zu zum zur zwischen""",
        "es": """a al como cómo con cual cuál cuales cuáles cuando cuándo cuanto cuánto cuantos cuántos cuantas cuántas de del
            desde donde dónde e el él ella ellas ellos en entre era eran eres es esa esas ese eso esos esta está están estas
            este esto estos fue fueron ha han hay la las le les lo los me mi más muy ni no nos o para pero por porque que qué
            quien quién quienes quiénes se según ser si sí sin sobre son su sus también te tiene tu u un una unas uno unos
            y ya""",
        "fr": """à au aux avec ce ces cet cette comme comment d dans de des du elle elles en est et était été être eu il ils j
            je l la le les leur leurs lui mais me n ne nos notre nous on ont ou où par pas plus pour pourquoi qu quand que
            quel quelle quelles quels qui quoi s sa sans se ses si son sont sur te tu un une vos votre vous y""",
        "it": """a ad ai al alla alle anche che chi ci come con cosa da dal dalla dei del della delle di dove e è ed era gli ha
            hanno i il in io l la le lo ma nel nella non o per perché più quale quali quando quanto se si sono su sua suo tra
            un una uno""",
        "pt": """a ao aos as às com como da das de do dos e é ela ele em entre era essa esse esta este eu foi foram há mais mas
            na não nas no nos o onde os ou para pela pelo por porque qual quais quando que quem se sem ser seu são sua são
            também um uma""",
        "nl": """aan als bij dat de der deze die dit door een en er gaat had heeft het hij hoe hun ik in is kan maar me men met
            na naar niet nog of om onder ons ook op over te tot uit van voor waar wanneer waren was wat we welke werd wie
            wij worden zal ze zich zij zijn zo""",
        "sv": """att av de den det detta du där efter en ett från för har hon han hur i inte jag kan med men när och om på sig sin
            som så till under upp var vad vem vid vilken är""",
        "da": """af at de den der det dette du efter en er et for fra han har hun hvad hvem hvor hvordan hvornår i ikke jeg kan
            med men når og om på sig som så til under ved var""",
        "no": """av at de den der det dette du en er et etter for fra han har hun hva hvem hvor hvordan i ikke jeg kan med men når
            og om på seg som så til under ved var å""",
    }.items()
}
