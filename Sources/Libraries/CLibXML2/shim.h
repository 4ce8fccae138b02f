// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <libxml/xmlversion.h>
// Nothing that Keybell uses of libxml2 shows ICU, whose headers clash with the copy in Swift's Foundation.
#undef LIBXML_ICU_ENABLED
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/SAX2.h>
#include <libxml/xmlerror.h>

// A macro with a cast, which Swift does not import.

/// Marks a handler as one with a place for structured errors, so that none is printed.
static const unsigned int keybell_sax2_magic = XML_SAX2_MAGIC;
