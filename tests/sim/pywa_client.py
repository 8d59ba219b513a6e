"""A Meta client that others wrote (pywa 4.5, MIT) works against the simulator.

Not part of CI: pip install pywa==4.5.0, start masteria-sim, then python pywa_client.py [URL].
"""
import hashlib, http.server, json, queue, sys, threading, time, urllib.parse, urllib.request
import httpx
from pywa import WhatsApp, errors, types
from pywa.handlers import CallbackButtonHandler, MessageHandler, MessageStatusHandler
URL = sys.argv[1] if len(sys.argv) > 1 else 'http://127.0.0.1:8090'
class Here(httpx.Client):
    """Sends everything for the Graph host to the simulator."""
    def __init__(self): super().__init__(base_url=f'{URL}/v24.0')
    def send(self, request, **kw):
        if request.url.host == 'graph.facebook.com':
            request.url = request.url.copy_with(scheme='http', host=httpx.URL(URL).host, port=httpx.URL(URL).port); request.headers['host'] = httpx.URL(URL).netloc.decode()
        return super().send(request, **kw)
def control(path, body): return json.load(urllib.request.urlopen(urllib.request.Request(f'{URL}/_sim/{path}', json.dumps(body).encode())))
control('config', {'reset': True})
SECRET = json.load(urllib.request.urlopen(f'{URL}/_sim/config'))['app_secret']
wa = WhatsApp(phone_id='100000000', token='EAApywa', session=Here(), waba_id='900000000', server=None, verify_token='known', app_secret=SECRET, filter_updates=False)
got = queue.Queue()
wa.add_handlers(MessageHandler(lambda _, m: got.put(('message', str(m.type), m.text or (m.image and m.image.mime_type))), ), MessageStatusHandler(lambda _, s: got.put(('status', str(s.status), s.id))), CallbackButtonHandler(lambda _, c: got.put(('button', c.data, c.title))))
class Hook(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        query = {k: v[0] for k, v in urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query).items()}
        text, status = wa.webhook_challenge_handler(query['hub.verify_token'], query['hub.challenge'])
        self.send_response(status); self.end_headers(); self.wfile.write(text.encode())
    def do_POST(self):
        body = self.rfile.read(int(self.headers['content-length']))
        _, status = wa.webhook_update_handler(body, self.headers['x-hub-signature-256'])
        self.send_response(status); self.end_headers()
    def log_message(self, *_): pass
hook = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Hook); threading.Thread(target=hook.serve_forever, daemon=True).start()
urllib.request.urlopen(urllib.request.Request(f'{URL}/v24.0/900000000/subscribed_apps', json.dumps({'override_callback_uri': f'http://127.0.0.1:{hook.server_port}/', 'verify_token': 'known'}).encode(), {'Authorization': 'Bearer EAApywa'}))
def heard(*kind):
    end = time.time() + 5
    while time.time() < end:
        item = got.get(timeout=5)
        if item[:len(kind)] == kind: print('heard', item); return
    raise SystemExit(f'not heard: {kind}')

to = '5511987654321'
sent = wa.send_message(to, 'Olá'); print('text', sent.id)
sent = wa.send_message(to, 'Escolha', buttons=[types.Button('Sim', 'y'), types.Button('Não', 'n')]); print('buttons', sent.id)
sent = wa.send_message(to, 'Lista', buttons=types.SectionList('Ver', sections=[types.Section('A', rows=[types.SectionRow('Um', '1', 'descrição')])])); print('list', sent.id)
print('reaction', wa.send_reaction(to, '👍', sent.id).id)
png = bytes.fromhex('89504e470d0a1a0a0000000d4948445200000001000000010806000000 1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082'.replace(' ', ''))
media = wa.upload_media(png, mime_type='image/png', filename='a.png'); mid = getattr(media, 'id', media); print('media', mid)
about = wa.get_media_url(mid); assert about.sha256 == hashlib.sha256(png).hexdigest(), about
assert wa.get_media_bytes(about.url) == png
print('image', wa.send_image(to, media, caption='oi').id)
print('location', wa.send_location(to, -19.9, -43.9, 'Praça', 'BH').id)
print('contact', wa.send_contact(to, types.Contact(name=types.Contact.Name(formatted_name='Ana B', first_name='Ana'), phones=[types.Contact.Phone(phone='+5511')])).id)
inbound = control('inbound', {'from': to, 'to': '100000000', 'text': 'oi'})['id']
print('read', wa.mark_message_as_read(inbound)); print('typing', wa.indicate_typing(inbound))
print('number', wa.get_business_phone_number().display_phone_number)
print('account', wa.get_business_account().name)
print('profile', wa.get_business_profile())
from pywa.types.templates import *
created = wa.create_template(Template(name=f'pedido_{int(time.time())}', language=TemplateLanguage.PORTUGUESE_BR, category=TemplateCategory.UTILITY, components=[BodyText('Oi {{1}}', 'Ana')])); print('template', created.id, created.status)
time.sleep(1.3); print('templates', [(t.name, t.status) for t in wa.get_templates()])
print('sent template', wa.send_template(to, name=wa.get_template(created.id).name, language=TemplateLanguage.PORTUGUESE_BR, params=[BodyText.params('Ana')]).id)
for code, kind in ((131056, errors.TooManyMessages if hasattr(errors,'TooManyMessages') else errors.WhatsAppError), (190, errors.WhatsAppError), (130429, errors.WhatsAppError)):
    control('config', {'answers': [code]})
    try: wa.send_message(to, 'x'); raise SystemExit('not refused')
    except errors.WhatsAppError as error: print('refused', type(error).__name__, error.code)
try: wa.send_message(to, 'x' * 5000); raise SystemExit('not refused')
except errors.WhatsAppError as error: print('refused', type(error).__name__, error.code, error.details)
print('block', wa.block_users([to])); print('unblock', wa.unblock_users([to]))
control('inbound', {'from': to, 'to': '100000000', 'text': 'Oi, quanto custa?'}); heard('message')
control('inbound', {'from': to, 'to': '100000000', 'message': {'type': 'interactive', 'interactive': {'type': 'button_reply', 'button_reply': {'id': 'y', 'title': 'Sim'}}}}); heard('button', 'y', 'Sim')
wa.send_message(to, 'último'); heard('status')
print('all good')
