"""Names that many people have, by which a column of names is told from a column of other words.

Lower case, without accents. Chosen by hand from names that are frequent in Europe and the Americas; words
that are also common nouns, months or colours in English are left out, and so are the names of large cities.
"""

from __future__ import annotations

import re
import unicodedata

from airflow_gov.catalog.classification.recogniser import words

_GIVEN = """
aaron abigail adam adele adrian adriana agnes agustin aidan aileen aisha alain alan albert alberto aldo
alejandra alejandro alessandra alessandro alessia alex alexander alexandra alexandre alexis alfonso alfred
alfredo alice alicia alina alison allison alma alonso alvaro amanda amber amelia amelie amy ana anais andre
andrea andreas andres andrew angel angela angelica angelina angelo anita anja anke ann anna anne annette
annie anthony antoine antonia antonio ariane arianna arnaud arthur arturo ashley astrid audrey aurelie
aurora axel barbara bart beatrice beatriz benedikt benjamin benoit bernard bernardo bernd bernhard bert beth
betty beverly bianca bjorn bogdan bonnie brandon brenda brian brigitte bruce bruno bryan caio camila camille
carina carl carla carlo carlos carmen carole carolina caroline carolyn catalina catarina catherine cathy
cecile cecilia celia celine cesar chantal charles charlotte chiara chloe chris christian christiane
christina christine christoph christophe christopher cindy claire clara claude claudia claudio clement colin
connie corinne courtney craig cristian cristiano cristina crystal curtis cynthia dagmar damian damien dan
daniel daniela daniele danielle danny dario darren dave david davide dawn deborah debra denis denise dennis
derek diana diane dick diego dieter dimitri dirk dmitri dolores dominic dominik dominique donald donna doris
dorothea dorothy douglas dustin dylan eduardo edward edwin eileen elena eleonora eliana elias elisa
elisabeth elise elizabeth ella ellen elodie elsa elvira emanuele emil emilia emilie emilio emily emma
emmanuel enrico enrique enzo eric erica erich erik erika erin ernst esteban estelle esther ethan etienne
eugene eugenia eva evelyn fabian fabien fabio fabrice fatima federica federico felicia felipe felix fernanda
fernando filip filippo fiona florian francesca francesco francine francis francisca francisco franck
francois francoise frank franz fred frederic frederik friedrich gabriel gabriela gabriele gabriella
gabrielle gareth gary gema gemma geoffrey georg george georges gerald geraldine gerard gerardo gerd gerhard
gert giacomo gianluca gilbert gilles gina giorgia giorgio giovanni giulia giuseppe gloria gonzalo grace
graham greg gregor gregory greta guillaume guillermo gunter gunther gustavo guy hanna hannah hannes hans
harald harold harry heather hector heike heinrich heinz helen helena helene helga helmut hendrik henri
henrik henry herbert hermann hilda holger horst howard hubert hugo hugues ian ibrahim ignacio ilse imke ines
inge ingrid irene irina iris irma isaac isabel isabella isabelle isaiah ivan jack jackie jacob jacqueline
jacques jaime jake jakob james jamie jan jana jane janet janice jannik jasmin jason javier jean jeanne jeff
jeffrey jennifer jens jeremy jerome jerry jesse jessica jesus jill jim joachim joan joana joanna joao jochen
joe joel joerg johan johann johanna johannes john johnny jon jonas jonathan jordi jorg jorge jose josef
josefina joseph josephine josh joshua josie joyce juan juana juanita judith judy julia julian juliana julie
julien juliette julio jurgen justin karen karin karina karl karla karsten katarina kate katharina katherine
kathleen kathrin kathryn kathy katie katja keith kelly ken kenneth kerstin kevin kim kimberly klaus konrad
kristen kristin kristina kurt kyle lara larissa larry lars laura laure lauren laurence laurent lea leah
leandro lena leo leon leonardo leonie leonor leticia liam lidia lilian liliana lina linda lindsay lionel
lisa lisette loic lorena lorenzo louis louise luc luca lucas lucia luciana luciano lucie ludovic luigi luis
luisa lukas luke lydia lynn madeleine magali magdalena maik manfred manon manuel manuela marc marcel marcela
marcelo marcia marco marcos marcus margaret margarita maria mariana marianne marie marilyn marina mario
marion marisol marjorie mark markus marlene marta martha martin martina martine marvin mary massimo mateo
mateus mathias mathieu mathilde matilde matteo matthew matthias matthieu maud maurice mauricio max maxime
maximilian megan melanie melissa mercedes mia michael michaela michal michel michele michelle miguel mike
milan mireille miriam mohamed mohammed moises molly monica monika monique moritz muhammad murielle nadia
nadine nancy natalia natalie nathalie nathan nathaniel nele nelson nicholas nick nico nicola nicolas nicole
niels niklas nikolaus nina noah noel noemi nora norbert norma octavio odette olga oliver olivia olivier
oscar oskar oswald otto pablo pamela paola paolo pascal patrice patricia patricio patrick patrizia paul
paula paulette paulina pauline paulo pedro peggy penelope peter petra philip philipp philippe phillip
phyllis pierre pilar rachel rafael rainer ralf ralph ramon ramona randy raphael raquel raul raymond rebecca
reinhard renata renate rene renee ricardo riccardo richard rita rob robert roberta roberto robin rocio
rodrigo roger roland rolf romain roman ronald ronny rosa rosalie rosario rosemarie ross roxane roy ruben
rudolf russell ruth ryan sabine sabrina sally salvador salvatore sam samantha samuel sandra sandrine
santiago sara sarah sascha scott sean sebastian sebastien serena serge sergio shannon sharon shaun shawn
sheila shirley sibylle siegfried silke silvia silvio simon simona simone sofia sonia sonja sophia sophie
stacey stacy stefan stefania stefanie stefano steffen stella stephane stephanie stephen steve steven stuart
sue susan susana susanna susanne suzanne sven svenja sylvia sylvie tamara tania tanja tara tatiana teresa
terry theo theodor theresa therese thibaut thierry thomas tiago tiffany tim timo timothy tina tobias todd
tom tomas tony torsten tracey tracy tristan tyler udo ulrich ulrike ursula ute uwe valentin valentina
valeria valerie vanessa vera veronica veronika veronique vicente victor victoria viktor vincent vincenzo
virginie vittorio volker wade walter waltraud wayne wendy werner wesley wilhelm willem william willy
wolfgang xavier ximena yann yannick yasmin yolanda yves yvette yvonne zachary zoe
"""

_FAMILY = """
abbott acosta adams aguilar aguirre albrecht allen almeida alvarado alvarez alves anderson andrade araujo
arias armstrong arnold arroyo avila bailey baptiste barbosa barnes barros bauer baumann beck becker bell
beltran benitez bennett berger bergmann bernard bertrand blanc blanchard bonnet boucher bouvier boyer braun
bravo brooks brown brun bruno bryant busch butler cabrera calderon campbell campos cardenas cardoso
carpenter carrillo carter carvalho castillo castro cervantes chavez chen chevalier clark clarke coleman
collins colombo contreras cooper cordero correa cortes costa cox cruz cunningham davies davis delgado dias
diaz dietrich dominguez duarte dubois dufour dumont dupont duran durand edwards engel espinosa espinoza
esposito estrada evans faure fernandes fernandez ferrari ferreira figueroa fischer fleming fleury flores
fontaine fournier franke freitas friedrich fuchs fuentes gallego garcia garnier gauthier gautier gibson
girard giraud gomes gomez goncalves gonzales gonzalez gordon graf graham gross guerin guerra guerrero
gunther gutierrez guzman haas hahn hall hamilton hansen harris harrison hartmann hayes heinrich henderson
hernandez herrera herrmann hoffman hoffmann hofmann horn howard huber huerta hughes ibarra iglesias jackson
jansen jansson jenkins jensen jimenez johansson johnson jones jordan juarez jung kaiser kaufmann kelley
kelly kennedy kim klein koch kohler konig kowalski kraus krause krueger kruger kuhn lambert lang lange
larsen larson laurent lefebvre legrand lehmann lemaire leroy lewis li lima lopes lopez lorenz lozano ludwig
luna machado maier maldonado marchand marin marques marquez marshall martin martinez martins mason masson
mathieu mayer mcdonald medina meier mejia melo mendes mendez mendoza mercier meyer michel miller miranda
mitchell mohr molina monteiro montes montoya moore morales moreau moreira morel moreno morgan morin morris
moser moura muller munoz murphy murray myers navarro nelson neumann nguyen nielsen nieto nowak nunes nunez
ochoa oliveira olson orozco ortega ortiz otto owens pacheco padilla palmer parker patel patterson paul pena
peralta pereira perez perrin peters petersen peterson pfeiffer phillips pinto pires ponce porter powell
price quintero ramirez ramos reed renard rey reyes reynolds ribeiro ricci richard richardson richter riley
rios rivas rivera rivero robert roberts robertson robin robinson robles rocha roche rodrigues rodriguez
rogers rojas romano romero rosales rossi roth rousseau roussel roux rubio ruiz russell russo ryan saez
salazar salinas sanchez sanders sandoval santana santos sauer schafer schmid schmidt schmitt schmitz
schneider scholz schreiber schroder schubert schulte schultz schulz schulze schumacher schuster schwarz
scott seidel serrano silva simmons simon simpson singh smith soares soler solis sommer soto souza stein
stevens stewart suarez sullivan taylor teixeira thomas thompson torres trujillo turner valdez valencia
valentin vargas vasquez vazquez vega velasco velasquez velez vera vidal vieira villanueva vincent vogel vogt
voigt wagner walker wallace walter wang ward washington watson weber weiss wells werner williams williamson
wilson winkler winter wolf wolff wong wood wright yang young zamora zhang ziegler zimmermann zuniga
"""

#: Words of companies, which are often named after somebody.
_COMPANIES = frozenset(
    words(
        "llc inc ltd plc corp company gmbh ag kg ohg ug sarl sas sa spa srl sl bv nv co and und sons soehne "
        "group holding associates partners stiftung foundation university"
    )
)

#: With them names of places begin: San José, Fort Worth, Saint Paul.
_PLACES = frozenset(
    words(
        "san santa santo sao st saint sainte fort ft port puerto mount mt lake new north south east west los "
        "las nueva nuevo bad"
    )
)

GIVEN = frozenset(_GIVEN.split())
FAMILY = frozenset(_FAMILY.split())

_WORD = re.compile(r"[^\W\d_]+")


def plain_words(text: str) -> list[str]:
    """The words of a text in lower case and without accents."""
    parted = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    return _WORD.findall("".join(each for each in parted if not unicodedata.combining(each)).lower())


def names_somebody(text: str) -> bool:
    """Whether a frequent given or family name is among the few words of a text, which is no company."""
    found = plain_words(text)
    if not text[:1].isupper() or len(found) > 7 or not _COMPANIES.isdisjoint(found):
        return False
    if found and found[0] in _PLACES:
        return False
    return any(word in GIVEN or word in FAMILY for word in found)
