#!/usr/bin/env perl
# A small web service that reads XML; for measuring smaller images.
use Mojolicious::Lite -signatures;
use XML::LibXML;

get '/' => sub ($c) {
    my $document = XML::LibXML->load_xml(string => '<answer>42</answer>');
    $c->render(text => $document->documentElement->textContent);
};

app->start;
