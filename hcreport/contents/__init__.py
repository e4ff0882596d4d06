"""What an image is made of, and what it could weigh: pure arithmetic over the files of its layers.

``collect`` reads layers into :class:`~hcreport.contents.layer.LayerFiles`; here they are merged,
compared, attributed to groups, and reduced to :class:`hcreport.model.ImageContents`.
"""
