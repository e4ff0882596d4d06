# Ends well where the service answers as it should.
use Mojo::UserAgent;
exit(Mojo::UserAgent->new->get('http://127.0.0.1:3000/')->result->body eq '42' ? 0 : 1);
