"""Countries by the grades that a bare number is there, in small letters, in several languages."""

from __future__ import annotations

from typing import Final

_UIAA: Final = (
    "de,deu,ger,germany,deutschland,allemagne,alemania,germania,alemanha,duitsland,tyskland,saksa,niemcy,německo,"
    "at,aut,austria,österreich,osterreich,autriche,oostenrijk,østrig,österrike,rakousko,"
    "cz,cze,czechia,tschechien,czech republic,česko,cesko,tchéquie,sk,svk,slovakia,slowakei,slovensko,"
    "hu,hun,hungary,ungarn,magyarország,ro,rou,romania,rumänien,românia,pl,pol,poland,polen,polska,"
    "si,svn,slovenia,slowenien,slovenija,südtirol"
)
_FRENCH: Final = (
    "fr,fra,france,frankreich,francia,frança,frankrijk,frankrike,es,esp,spain,spanien,espagne,espana,españa,"
    "spagna,spanje,it,ita,italy,italia,italien,italie,italië,be,bel,belgium,belgien,belgique,belgië,"
    "pt,prt,portugal,gr,grc,greece,griechenland,grèce,grecia,tr,tur,turkey,türkei,türkiye,turquie,"
    "ch,che,switzerland,schweiz,suisse,svizzera,hr,hrv,croatia,kroatien,hrvatska,croatie,"
    "lu,luxembourg,mt,malta,th,thailand,vn,vietnam,ma,morocco,maroc,marokko"
)
_EWBANK: Final = "au,aus,australia,nz,nzl,new zealand,za,zaf,south africa"
_NORDIC: Final = (
    "no,nor,norway,norge,noreg,norwegen,norvège,noruega,norvegia,noorwegen,norja,"
    "se,swe,sweden,sverige,schweden,suède,suecia,svezia,zweden,ruotsi,"
    "fi,fin,finland,suomi,finnland,finlande,finlandia,dk,dnk,denmark,danmark,dänemark"
)
_BRAZIL: Final = "br,bra,brazil,brasil,brasilien,brésil,brasile,brazilië"
_YDS: Final = (
    "us,usa,united states,united states of america,u.s.a.,vereinigte staaten,états-unis,estados unidos,"
    "stati uniti,ca,can,canada,kanada,mx,mex,mexico,méxico"
)
_BRITISH: Final = (
    "gb,gbr,uk,united kingdom,great britain,england,scotland,wales,northern ireland,isle of man,jersey,"
    "guernsey,ie,irl,ireland,großbritannien,vereinigtes königreich,royaume-uni,"
    "grande-bretagne,angleterre,reino unido"
)
UIAA, FRENCH, EWBANK, BRAZIL, BRITISH, YDS = (
    frozenset(each.split(",")) for each in (_UIAA, _FRENCH, _EWBANK, _BRAZIL, _BRITISH, _YDS)
)
FONT: Final = UIAA | FRENCH
"""Where an easy boulder may well be graded 1 or 2."""
OWN: Final = frozenset(_NORDIC.split(",")) | BRAZIL
"""Where numbers are of a system of the land's own, which is read as UIAA's."""
