<?php
// A small page that reads XML; for measuring smaller images.
echo simplexml_load_string("<answer>42</answer>");
