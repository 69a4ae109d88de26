"""Pages for clinicians, put where who shows them finds them."""

from collections.abc import Mapping

from casepath.sequencing.v1.pharmacogenomics_pb2 import TreatmentPage
from chassis.objects import Objects


async def stored_pages(objects: Objects, pages: Mapping[str, tuple[bytes, bytes]], case_id: str) -> list[TreatmentPage]:
    """By language: each as HTML and as PDF. Raise Unavailable where the store does not take one."""
    return [
        TreatmentPage(language=language, html=await objects.put(html, case_id), pdf=await objects.put(pdf, case_id))
        for language, (html, pdf) in pages.items()
    ]
