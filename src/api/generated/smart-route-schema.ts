// Made from crds/smartproxy.dev_smartroutes.yaml by "npm run generate"; edit that file.
import type { Schema } from '../schema.ts';

/** What `spec` may hold. */
export const smartRouteSchema: Schema = {
  "type": "object",
  "x-kubernetes-validations": [
    {
      "rule": "has(self.http) != has(self.tcp)",
      "message": "exactly one of http and tcp must be set"
    },
    {
      "rule": "has(self.tcp) == (has(self.tls) && self.tls.mode == 'Passthrough')",
      "message": "tcp goes with tls.mode Passthrough, and http with every other"
    },
    {
      "rule": "!has(self.tls) || (has(self.hosts) && self.hosts.size() > 0)",
      "message": "tls needs hosts"
    }
  ],
  "properties": {
    "ingressClassName": {
      "type": "string",
      "minLength": 1,
      "maxLength": 253
    },
    "hosts": {
      "type": "array",
      "maxItems": 64,
      "x-kubernetes-list-type": "set",
      "items": {
        "type": "string",
        "minLength": 1,
        "maxLength": 253,
        "pattern": "^(\\*\\*?\\.)?[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$",
        "x-kubernetes-validations": [
          {
            "rule": "!self.matches(\"^[0-9.]+$\")",
            "message": "a host is a name, not an IP address"
          }
        ]
      }
    },
    "priority": {
      "type": "integer",
      "minimum": -1000,
      "maximum": 1000
    },
    "tls": {
      "type": "object",
      "required": [
        "mode"
      ],
      "x-kubernetes-validations": [
        {
          "rule": "!has(self.certificate) || self.mode != \"Passthrough\"",
          "message": "with Passthrough the backend has the certificate"
        }
      ],
      "properties": {
        "mode": {
          "type": "string",
          "enum": [
            "Terminate",
            "TerminateAndReencrypt",
            "Passthrough"
          ]
        },
        "certificate": {
          "type": "object",
          "required": [
            "secretRef"
          ],
          "properties": {
            "secretRef": {
              "type": "object",
              "required": [
                "name"
              ],
              "properties": {
                "name": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 253,
                  "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                },
                "namespace": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 63,
                  "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
                }
              }
            }
          }
        }
      }
    },
    "policy": {
      "type": "object",
      "properties": {
        "redirectToHttps": {
          "type": "boolean"
        },
        "timeouts": {
          "type": "object",
          "properties": {
            "connect": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) >= duration('1ms') && duration(self) <= duration('596h')",
                  "message": "a time from 1ms to 596h"
                }
              ]
            },
            "read": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) <= duration('596h')",
                  "message": "a time of at most 596h"
                }
              ]
            },
            "send": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) <= duration('596h')",
                  "message": "a time of at most 596h"
                }
              ]
            },
            "tunnelIdle": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) <= duration('596h')",
                  "message": "a time of at most 596h"
                }
              ]
            }
          }
        },
        "maxRequestBody": {
          "type": "string",
          "maxLength": 16,
          "pattern": "^(0|[1-9][0-9]{0,5}(Ki|Mi|Gi)|[1-9][0-9]{0,14})$"
        },
        "retries": {
          "type": "object",
          "required": [
            "attempts"
          ],
          "properties": {
            "attempts": {
              "type": "integer",
              "minimum": 0,
              "maximum": 10
            }
          }
        },
        "backend": {
          "type": "object",
          "properties": {
            "protocol": {
              "type": "string",
              "enum": [
                "HTTP",
                "HTTPS",
                "H2C",
                "H2"
              ]
            },
            "tls": {
              "type": "object",
              "properties": {
                "serverName": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 253,
                  "pattern": "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$"
                },
                "caRef": {
                  "type": "object",
                  "required": [
                    "name"
                  ],
                  "properties": {
                    "name": {
                      "type": "string",
                      "minLength": 1,
                      "maxLength": 253,
                      "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                    }
                  }
                },
                "clientCertificateRef": {
                  "type": "object",
                  "required": [
                    "name"
                  ],
                  "properties": {
                    "name": {
                      "type": "string",
                      "minLength": 1,
                      "maxLength": 253,
                      "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                    }
                  }
                }
              }
            }
          }
        },
        "headers": {
          "type": "object",
          "properties": {
            "request": {
              "type": "object",
              "properties": {
                "set": {
                  "type": "array",
                  "maxItems": 16,
                  "x-kubernetes-list-type": "map",
                  "x-kubernetes-list-map-keys": [
                    "name"
                  ],
                  "items": {
                    "type": "object",
                    "required": [
                      "name",
                      "value"
                    ],
                    "x-kubernetes-validations": [
                      {
                        "rule": "!self.name.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                        "message": "this header is written by the proxy alone"
                      }
                    ],
                    "properties": {
                      "name": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 256,
                        "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                      },
                      "value": {
                        "type": "string",
                        "maxLength": 1024,
                        "pattern": "^([!-~]([ -~\\t]*[!-~])?)?$"
                      }
                    }
                  }
                },
                "add": {
                  "type": "array",
                  "maxItems": 16,
                  "items": {
                    "type": "object",
                    "required": [
                      "name",
                      "value"
                    ],
                    "x-kubernetes-validations": [
                      {
                        "rule": "!self.name.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                        "message": "this header is written by the proxy alone"
                      }
                    ],
                    "properties": {
                      "name": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 256,
                        "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                      },
                      "value": {
                        "type": "string",
                        "maxLength": 1024,
                        "pattern": "^([!-~]([ -~\\t]*[!-~])?)?$"
                      }
                    }
                  }
                },
                "remove": {
                  "type": "array",
                  "maxItems": 16,
                  "x-kubernetes-list-type": "set",
                  "items": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 256,
                    "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
                    "x-kubernetes-validations": [
                      {
                        "rule": "!self.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                        "message": "this header is written by the proxy alone"
                      }
                    ]
                  }
                }
              }
            },
            "response": {
              "type": "object",
              "properties": {
                "set": {
                  "type": "array",
                  "maxItems": 16,
                  "x-kubernetes-list-type": "map",
                  "x-kubernetes-list-map-keys": [
                    "name"
                  ],
                  "items": {
                    "type": "object",
                    "required": [
                      "name",
                      "value"
                    ],
                    "x-kubernetes-validations": [
                      {
                        "rule": "!self.name.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                        "message": "this header is written by the proxy alone"
                      }
                    ],
                    "properties": {
                      "name": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 256,
                        "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                      },
                      "value": {
                        "type": "string",
                        "maxLength": 1024,
                        "pattern": "^([!-~]([ -~\\t]*[!-~])?)?$"
                      }
                    }
                  }
                },
                "add": {
                  "type": "array",
                  "maxItems": 16,
                  "items": {
                    "type": "object",
                    "required": [
                      "name",
                      "value"
                    ],
                    "x-kubernetes-validations": [
                      {
                        "rule": "!self.name.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                        "message": "this header is written by the proxy alone"
                      }
                    ],
                    "properties": {
                      "name": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 256,
                        "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                      },
                      "value": {
                        "type": "string",
                        "maxLength": 1024,
                        "pattern": "^([!-~]([ -~\\t]*[!-~])?)?$"
                      }
                    }
                  }
                },
                "remove": {
                  "type": "array",
                  "maxItems": 16,
                  "x-kubernetes-list-type": "set",
                  "items": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 256,
                    "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
                    "x-kubernetes-validations": [
                      {
                        "rule": "!self.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                        "message": "this header is written by the proxy alone"
                      }
                    ]
                  }
                }
              }
            }
          }
        },
        "cors": {
          "type": "object",
          "required": [
            "allowOrigins"
          ],
          "x-kubernetes-validations": [
            {
              "rule": "!has(self.allowCredentials) || !self.allowCredentials || !self.allowOrigins.exists(o, o == \"*\")",
              "message": "credentials need named origins"
            }
          ],
          "properties": {
            "allowOrigins": {
              "type": "array",
              "minItems": 1,
              "maxItems": 32,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "maxLength": 300,
                "pattern": "^(\\*|https?://(\\*\\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?)$"
              }
            },
            "allowMethods": {
              "type": "array",
              "minItems": 1,
              "maxItems": 16,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "maxLength": 32,
                "pattern": "^[A-Z][-A-Z]*$"
              }
            },
            "allowHeaders": {
              "type": "array",
              "minItems": 1,
              "maxItems": 64,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "minLength": 1,
                "maxLength": 256,
                "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
              }
            },
            "exposeHeaders": {
              "type": "array",
              "maxItems": 64,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "minLength": 1,
                "maxLength": 256,
                "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
              }
            },
            "allowCredentials": {
              "type": "boolean"
            },
            "maxAge": {
              "type": "string",
              "maxLength": 32,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) <= duration('596h')",
                  "message": "a time of at most 596h"
                }
              ]
            }
          }
        },
        "clients": {
          "type": "object",
          "properties": {
            "allow": {
              "type": "array",
              "maxItems": 64,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "minLength": 2,
                "maxLength": 49,
                "pattern": "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$"
              }
            },
            "deny": {
              "type": "array",
              "maxItems": 64,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "minLength": 2,
                "maxLength": 49,
                "pattern": "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$"
              }
            }
          }
        }
      }
    },
    "http": {
      "type": "object",
      "required": [
        "rules"
      ],
      "properties": {
        "rules": {
          "type": "array",
          "minItems": 1,
          "maxItems": 64,
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": [
            "name"
          ],
          "items": {
            "type": "object",
            "required": [
              "name",
              "action"
            ],
            "x-kubernetes-validations": [
              {
                "rule": "!has(self.action.redirect) || !has(self.action.redirect.path) || self.action.redirect.path.type != 'ReplacePrefix' || !has(self.matches) || self.matches.all(m, !has(m.path) || m.path.type == 'Prefix')",
                "message": "ReplacePrefix needs matches by Prefix"
              },
              {
                "rule": "!has(self.action.forward) || !has(self.action.forward.rewrite) || !has(self.action.forward.rewrite.path) || self.action.forward.rewrite.path.type != 'ReplacePrefix' || !has(self.matches) || self.matches.all(m, !has(m.path) || m.path.type == 'Prefix')",
                "message": "ReplacePrefix needs matches by Prefix"
              }
            ],
            "properties": {
              "name": {
                "type": "string",
                "minLength": 1,
                "maxLength": 63,
                "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
              },
              "matches": {
                "type": "array",
                "minItems": 1,
                "maxItems": 16,
                "items": {
                  "type": "object",
                  "properties": {
                    "path": {
                      "type": "object",
                      "required": [
                        "type",
                        "value"
                      ],
                      "x-kubernetes-validations": [
                        {
                          "rule": "self.type == 'Regex' || self.value.startsWith('/')",
                          "message": "a path begins with \"/\""
                        },
                        {
                          "rule": "self.type != 'Regex' || self.value.size() <= 256",
                          "message": "a pattern has at most 256 characters"
                        },
                        {
                          "rule": "self.type == 'Regex' || !self.value.contains('//')",
                          "message": "a path has no empty element (\"//\")"
                        },
                        {
                          "rule": "self.type == 'Regex' || !self.value.matches('/[.][.]?(/|$)')",
                          "message": "a path has no \".\" or \"..\" element"
                        },
                        {
                          "rule": "self.type == 'Regex' || !self.value.matches('%2[fF]')",
                          "message": "a path has no encoded slash (%2F)"
                        },
                        {
                          "rule": "self.type == 'Regex' || !self.value.matches('[?#\\\\x00-\\\\x20\\\\x7f]')",
                          "message": "a path has no query, fragment, space or control character"
                        }
                      ],
                      "properties": {
                        "type": {
                          "type": "string",
                          "enum": [
                            "Exact",
                            "Prefix",
                            "Regex"
                          ]
                        },
                        "value": {
                          "type": "string",
                          "minLength": 1,
                          "maxLength": 1024
                        }
                      }
                    },
                    "methods": {
                      "type": "array",
                      "minItems": 1,
                      "maxItems": 16,
                      "x-kubernetes-list-type": "set",
                      "items": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 32,
                        "pattern": "^[A-Z][-A-Z]*$"
                      }
                    },
                    "headers": {
                      "type": "array",
                      "minItems": 1,
                      "maxItems": 16,
                      "x-kubernetes-list-type": "map",
                      "x-kubernetes-list-map-keys": [
                        "name"
                      ],
                      "items": {
                        "type": "object",
                        "required": [
                          "name"
                        ],
                        "x-kubernetes-validations": [
                          {
                            "rule": "has(self.value) != (has(self.type) && self.type in ['Present', 'Absent'])",
                            "message": "Present and Absent have no value, all others do"
                          }
                        ],
                        "properties": {
                          "type": {
                            "type": "string",
                            "enum": [
                              "Exact",
                              "Prefix",
                              "Regex",
                              "Present",
                              "Absent"
                            ]
                          },
                          "name": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 256,
                            "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                          },
                          "value": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 1024
                          }
                        }
                      }
                    },
                    "query": {
                      "type": "array",
                      "minItems": 1,
                      "maxItems": 16,
                      "x-kubernetes-list-type": "map",
                      "x-kubernetes-list-map-keys": [
                        "name"
                      ],
                      "items": {
                        "type": "object",
                        "required": [
                          "name"
                        ],
                        "x-kubernetes-validations": [
                          {
                            "rule": "has(self.value) != (has(self.type) && self.type in ['Present', 'Absent'])",
                            "message": "Present and Absent have no value, all others do"
                          }
                        ],
                        "properties": {
                          "type": {
                            "type": "string",
                            "enum": [
                              "Exact",
                              "Prefix",
                              "Regex",
                              "Present",
                              "Absent"
                            ]
                          },
                          "name": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 256
                          },
                          "value": {
                            "type": "string",
                            "maxLength": 1024
                          }
                        }
                      }
                    }
                  }
                }
              },
              "policy": {
                "type": "object",
                "properties": {
                  "redirectToHttps": {
                    "type": "boolean"
                  },
                  "timeouts": {
                    "type": "object",
                    "properties": {
                      "connect": {
                        "type": "string",
                        "maxLength": 32,
                        "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
                        "x-kubernetes-validations": [
                          {
                            "rule": "duration(self) >= duration('1ms') && duration(self) <= duration('596h')",
                            "message": "a time from 1ms to 596h"
                          }
                        ]
                      },
                      "read": {
                        "type": "string",
                        "maxLength": 32,
                        "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
                        "x-kubernetes-validations": [
                          {
                            "rule": "duration(self) <= duration('596h')",
                            "message": "a time of at most 596h"
                          }
                        ]
                      },
                      "send": {
                        "type": "string",
                        "maxLength": 32,
                        "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
                        "x-kubernetes-validations": [
                          {
                            "rule": "duration(self) <= duration('596h')",
                            "message": "a time of at most 596h"
                          }
                        ]
                      },
                      "tunnelIdle": {
                        "type": "string",
                        "maxLength": 32,
                        "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
                        "x-kubernetes-validations": [
                          {
                            "rule": "duration(self) <= duration('596h')",
                            "message": "a time of at most 596h"
                          }
                        ]
                      }
                    }
                  },
                  "maxRequestBody": {
                    "type": "string",
                    "maxLength": 16,
                    "pattern": "^(0|[1-9][0-9]{0,5}(Ki|Mi|Gi)|[1-9][0-9]{0,14})$"
                  },
                  "retries": {
                    "type": "object",
                    "required": [
                      "attempts"
                    ],
                    "properties": {
                      "attempts": {
                        "type": "integer",
                        "minimum": 0,
                        "maximum": 10
                      }
                    }
                  },
                  "backend": {
                    "type": "object",
                    "properties": {
                      "protocol": {
                        "type": "string",
                        "enum": [
                          "HTTP",
                          "HTTPS",
                          "H2C",
                          "H2"
                        ]
                      },
                      "tls": {
                        "type": "object",
                        "properties": {
                          "serverName": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 253,
                            "pattern": "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$"
                          },
                          "caRef": {
                            "type": "object",
                            "required": [
                              "name"
                            ],
                            "properties": {
                              "name": {
                                "type": "string",
                                "minLength": 1,
                                "maxLength": 253,
                                "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                              }
                            }
                          },
                          "clientCertificateRef": {
                            "type": "object",
                            "required": [
                              "name"
                            ],
                            "properties": {
                              "name": {
                                "type": "string",
                                "minLength": 1,
                                "maxLength": 253,
                                "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                              }
                            }
                          }
                        }
                      }
                    }
                  },
                  "headers": {
                    "type": "object",
                    "properties": {
                      "request": {
                        "type": "object",
                        "properties": {
                          "set": {
                            "type": "array",
                            "maxItems": 16,
                            "x-kubernetes-list-type": "map",
                            "x-kubernetes-list-map-keys": [
                              "name"
                            ],
                            "items": {
                              "type": "object",
                              "required": [
                                "name",
                                "value"
                              ],
                              "x-kubernetes-validations": [
                                {
                                  "rule": "!self.name.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                                  "message": "this header is written by the proxy alone"
                                }
                              ],
                              "properties": {
                                "name": {
                                  "type": "string",
                                  "minLength": 1,
                                  "maxLength": 256,
                                  "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                                },
                                "value": {
                                  "type": "string",
                                  "maxLength": 1024,
                                  "pattern": "^([!-~]([ -~\\t]*[!-~])?)?$"
                                }
                              }
                            }
                          },
                          "add": {
                            "type": "array",
                            "maxItems": 16,
                            "items": {
                              "type": "object",
                              "required": [
                                "name",
                                "value"
                              ],
                              "x-kubernetes-validations": [
                                {
                                  "rule": "!self.name.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                                  "message": "this header is written by the proxy alone"
                                }
                              ],
                              "properties": {
                                "name": {
                                  "type": "string",
                                  "minLength": 1,
                                  "maxLength": 256,
                                  "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                                },
                                "value": {
                                  "type": "string",
                                  "maxLength": 1024,
                                  "pattern": "^([!-~]([ -~\\t]*[!-~])?)?$"
                                }
                              }
                            }
                          },
                          "remove": {
                            "type": "array",
                            "maxItems": 16,
                            "x-kubernetes-list-type": "set",
                            "items": {
                              "type": "string",
                              "minLength": 1,
                              "maxLength": 256,
                              "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
                              "x-kubernetes-validations": [
                                {
                                  "rule": "!self.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                                  "message": "this header is written by the proxy alone"
                                }
                              ]
                            }
                          }
                        }
                      },
                      "response": {
                        "type": "object",
                        "properties": {
                          "set": {
                            "type": "array",
                            "maxItems": 16,
                            "x-kubernetes-list-type": "map",
                            "x-kubernetes-list-map-keys": [
                              "name"
                            ],
                            "items": {
                              "type": "object",
                              "required": [
                                "name",
                                "value"
                              ],
                              "x-kubernetes-validations": [
                                {
                                  "rule": "!self.name.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                                  "message": "this header is written by the proxy alone"
                                }
                              ],
                              "properties": {
                                "name": {
                                  "type": "string",
                                  "minLength": 1,
                                  "maxLength": 256,
                                  "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                                },
                                "value": {
                                  "type": "string",
                                  "maxLength": 1024,
                                  "pattern": "^([!-~]([ -~\\t]*[!-~])?)?$"
                                }
                              }
                            }
                          },
                          "add": {
                            "type": "array",
                            "maxItems": 16,
                            "items": {
                              "type": "object",
                              "required": [
                                "name",
                                "value"
                              ],
                              "x-kubernetes-validations": [
                                {
                                  "rule": "!self.name.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                                  "message": "this header is written by the proxy alone"
                                }
                              ],
                              "properties": {
                                "name": {
                                  "type": "string",
                                  "minLength": 1,
                                  "maxLength": 256,
                                  "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                                },
                                "value": {
                                  "type": "string",
                                  "maxLength": 1024,
                                  "pattern": "^([!-~]([ -~\\t]*[!-~])?)?$"
                                }
                              }
                            }
                          },
                          "remove": {
                            "type": "array",
                            "maxItems": 16,
                            "x-kubernetes-list-type": "set",
                            "items": {
                              "type": "string",
                              "minLength": 1,
                              "maxLength": 256,
                              "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
                              "x-kubernetes-validations": [
                                {
                                  "rule": "!self.matches(\"^(?i:connection|content-length|date|expect|forwarded|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|x-forwarded-.*|x-real-ip|x-request-id)$\")",
                                  "message": "this header is written by the proxy alone"
                                }
                              ]
                            }
                          }
                        }
                      }
                    }
                  },
                  "cors": {
                    "type": "object",
                    "required": [
                      "allowOrigins"
                    ],
                    "x-kubernetes-validations": [
                      {
                        "rule": "!has(self.allowCredentials) || !self.allowCredentials || !self.allowOrigins.exists(o, o == \"*\")",
                        "message": "credentials need named origins"
                      }
                    ],
                    "properties": {
                      "allowOrigins": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": 32,
                        "x-kubernetes-list-type": "set",
                        "items": {
                          "type": "string",
                          "maxLength": 300,
                          "pattern": "^(\\*|https?://(\\*\\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?)$"
                        }
                      },
                      "allowMethods": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": 16,
                        "x-kubernetes-list-type": "set",
                        "items": {
                          "type": "string",
                          "maxLength": 32,
                          "pattern": "^[A-Z][-A-Z]*$"
                        }
                      },
                      "allowHeaders": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": 64,
                        "x-kubernetes-list-type": "set",
                        "items": {
                          "type": "string",
                          "minLength": 1,
                          "maxLength": 256,
                          "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                        }
                      },
                      "exposeHeaders": {
                        "type": "array",
                        "maxItems": 64,
                        "x-kubernetes-list-type": "set",
                        "items": {
                          "type": "string",
                          "minLength": 1,
                          "maxLength": 256,
                          "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                        }
                      },
                      "allowCredentials": {
                        "type": "boolean"
                      },
                      "maxAge": {
                        "type": "string",
                        "maxLength": 32,
                        "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
                        "x-kubernetes-validations": [
                          {
                            "rule": "duration(self) <= duration('596h')",
                            "message": "a time of at most 596h"
                          }
                        ]
                      }
                    }
                  },
                  "clients": {
                    "type": "object",
                    "properties": {
                      "allow": {
                        "type": "array",
                        "maxItems": 64,
                        "x-kubernetes-list-type": "set",
                        "items": {
                          "type": "string",
                          "minLength": 2,
                          "maxLength": 49,
                          "pattern": "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$"
                        }
                      },
                      "deny": {
                        "type": "array",
                        "maxItems": 64,
                        "x-kubernetes-list-type": "set",
                        "items": {
                          "type": "string",
                          "minLength": 2,
                          "maxLength": 49,
                          "pattern": "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$"
                        }
                      }
                    }
                  }
                }
              },
              "action": {
                "type": "object",
                "x-kubernetes-validations": [
                  {
                    "rule": "[has(self.forward), has(self.redirect), has(self.respond), has(self.block)].exists_one(x, x)",
                    "message": "exactly one of forward, redirect, respond and block must be set"
                  }
                ],
                "properties": {
                  "forward": {
                    "type": "object",
                    "required": [
                      "backends"
                    ],
                    "x-kubernetes-validations": [
                      {
                        "rule": "self.backends.exists(b, !has(b.weight) || b.weight > 0)",
                        "message": "some backend needs a weight"
                      }
                    ],
                    "properties": {
                      "backends": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": 16,
                        "items": {
                          "type": "object",
                          "required": [
                            "name",
                            "port"
                          ],
                          "properties": {
                            "name": {
                              "type": "string",
                              "minLength": 1,
                              "maxLength": 253,
                              "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
                            },
                            "namespace": {
                              "type": "string",
                              "minLength": 1,
                              "maxLength": 63,
                              "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
                            },
                            "port": {
                              "type": "object",
                              "x-kubernetes-validations": [
                                {
                                  "rule": "has(self.name) != has(self.number)",
                                  "message": "a port has either a name or a number"
                                }
                              ],
                              "properties": {
                                "name": {
                                  "type": "string",
                                  "minLength": 1,
                                  "maxLength": 63,
                                  "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
                                },
                                "number": {
                                  "type": "integer",
                                  "minimum": 1,
                                  "maximum": 65535
                                }
                              }
                            },
                            "weight": {
                              "type": "integer",
                              "minimum": 0,
                              "maximum": 1000000
                            }
                          }
                        }
                      },
                      "rewrite": {
                        "type": "object",
                        "properties": {
                          "host": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 259,
                            "pattern": "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?$"
                          },
                          "path": {
                            "type": "object",
                            "required": [
                              "type",
                              "value"
                            ],
                            "x-kubernetes-validations": [
                              {
                                "rule": "self.type == 'ReplaceRegex' || (self.value.matches(\"^/[!-~]*$\") && !self.value.matches(\"[?#]\"))",
                                "message": "a path begins with \"/\" and has no space, query or fragment; percent-encode other characters"
                              },
                              {
                                "rule": "has(self.pattern) == (self.type == 'ReplaceRegex')",
                                "message": "a pattern goes with ReplaceRegex"
                              },
                              {
                                "rule": "self.type != 'ReplaceRegex' || self.value.matches('^([!\"%->@-\\\\[\\\\]-~]|[$][0-9])*$')",
                                "message": "a substitution is printable ASCII without \"?\", \"#\" and \"\\\", in which $0 to $9 stand for groups"
                              }
                            ],
                            "properties": {
                              "type": {
                                "type": "string",
                                "enum": [
                                  "ReplaceFull",
                                  "ReplacePrefix",
                                  "ReplaceRegex"
                                ]
                              },
                              "pattern": {
                                "type": "string",
                                "minLength": 1,
                                "maxLength": 256
                              },
                              "value": {
                                "type": "string",
                                "maxLength": 1024
                              }
                            }
                          }
                        }
                      },
                      "loadBalancing": {
                        "type": "object",
                        "required": [
                          "type"
                        ],
                        "properties": {
                          "type": {
                            "type": "string",
                            "enum": [
                              "RoundRobin",
                              "LeastRequest"
                            ]
                          }
                        }
                      }
                    }
                  },
                  "redirect": {
                    "type": "object",
                    "x-kubernetes-validations": [
                      {
                        "rule": "has(self.scheme) || has(self.host) || has(self.port) || has(self.path)",
                        "message": "a redirect changes scheme, host, port or path"
                      }
                    ],
                    "properties": {
                      "scheme": {
                        "type": "string",
                        "enum": [
                          "http",
                          "https"
                        ]
                      },
                      "host": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 253,
                        "pattern": "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$"
                      },
                      "port": {
                        "type": "integer",
                        "minimum": 1,
                        "maximum": 65535
                      },
                      "path": {
                        "type": "object",
                        "required": [
                          "type",
                          "value"
                        ],
                        "x-kubernetes-validations": [
                          {
                            "rule": "self.value.matches(\"^/[!-~]*$\") && !self.value.matches(\"[?#]\")",
                            "message": "a path begins with \"/\" and has no space, query or fragment; percent-encode other characters"
                          }
                        ],
                        "properties": {
                          "type": {
                            "type": "string",
                            "enum": [
                              "ReplaceFull",
                              "ReplacePrefix"
                            ]
                          },
                          "value": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 1024
                          }
                        }
                      },
                      "status": {
                        "type": "integer",
                        "enum": [
                          301,
                          302,
                          303,
                          307,
                          308
                        ]
                      }
                    }
                  },
                  "respond": {
                    "type": "object",
                    "required": [
                      "status"
                    ],
                    "x-kubernetes-validations": [
                      {
                        "rule": "!has(self.body) || !(self.status in [204, 205, 304])",
                        "message": "an answer with status 204, 205 or 304 has no body"
                      }
                    ],
                    "properties": {
                      "status": {
                        "type": "integer",
                        "minimum": 200,
                        "maximum": 599
                      },
                      "headers": {
                        "type": "array",
                        "maxItems": 32,
                        "x-kubernetes-list-type": "map",
                        "x-kubernetes-list-map-keys": [
                          "name"
                        ],
                        "items": {
                          "type": "object",
                          "required": [
                            "name",
                            "value"
                          ],
                          "x-kubernetes-validations": [
                            {
                              "rule": "!self.name.matches(\"^(?i:connection|content-length|date|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade)$\")",
                              "message": "this header is the proxy's own business"
                            }
                          ],
                          "properties": {
                            "name": {
                              "type": "string",
                              "minLength": 1,
                              "maxLength": 256,
                              "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
                            },
                            "value": {
                              "type": "string",
                              "maxLength": 1024,
                              "pattern": "^([!-~]([ -~\\t]*[!-~])?)?$"
                            }
                          }
                        }
                      },
                      "body": {
                        "type": "string",
                        "maxLength": 4096
                      }
                    }
                  },
                  "block": {
                    "type": "object"
                  }
                }
              }
            }
          }
        }
      }
    },
    "tcp": {
      "type": "object",
      "required": [
        "backends"
      ],
      "properties": {
        "backends": {
          "type": "array",
          "minItems": 1,
          "maxItems": 1,
          "items": {
            "type": "object",
            "required": [
              "name",
              "port"
            ],
            "properties": {
              "name": {
                "type": "string",
                "minLength": 1,
                "maxLength": 253,
                "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
              },
              "namespace": {
                "type": "string",
                "minLength": 1,
                "maxLength": 63,
                "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
              },
              "port": {
                "type": "object",
                "x-kubernetes-validations": [
                  {
                    "rule": "has(self.name) != has(self.number)",
                    "message": "a port has either a name or a number"
                  }
                ],
                "properties": {
                  "name": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 63,
                    "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
                  },
                  "number": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 65535
                  }
                }
              }
            }
          }
        }
      }
    }
  }
};
