"""The public job search over HTTP, as XML and as JSON."""

from sandbox.nhsjobs.domain.search import wanted
from sandbox.nhsjobs.search_xml import search_document
from sandbox.nhsjobs.service import search as service
from sandbox.web.call import Call
from sandbox.web.reply import Reply, answer

_XML = "application/xml"


async def search_adverts_xml(call: Call) -> Reply:
    """GET /search_xml."""
    page = await _page(call)
    return Reply(200, search_document(page.adverts, page.total_pages, page.total_results), _XML)


async def search_adverts(call: Call) -> Reply:
    """GET /search."""
    return answer(200, service.as_json(await _page(call)))


async def _page(call: Call) -> service.Page:
    asked = wanted(call.arguments)
    return await call.read(lambda unit: service.search_adverts(unit, asked))
